import { mean } from '../statistics.ts';
import { figure, table } from '../table.ts';
import type { Aim } from './aims.ts';
import { beforeLastCritical, outOfOrder, type Arrival } from './evidence.ts';
import { mostWithin, perSecond } from './plot.ts';

/** What a sink saw that was down and came back. */
export interface OutageFigures {
  /** Of each message, most and mean. */
  readonly attemptsMax: number;
  readonly attemptsMean: number;
  readonly requestsWhileDown: number;
  /** From its return to the first request. */
  readonly firstAfterMs: number;
  /** From there to the last. */
  readonly drainMs: number;
  readonly mostInOneSecond: number;
  readonly mostInTenSeconds: number;
  readonly outOfOrder: number;
  readonly beforeLastCritical: number;
}

/** @param atSink everything that came to it; @param upAt when it was back; @param attempts of each message. */
export function outageFigures(atSink: readonly Arrival[], upAt: number, attempts: readonly number[]): OutageFigures {
  const after = atSink.map(({ at }) => at).filter((at) => at >= upAt);
  const [first = Number.NaN] = after;
  return {
    attemptsMax: Math.max(...attempts),
    attemptsMean: mean(attempts),
    requestsWhileDown: atSink.length - after.length,
    firstAfterMs: first - upAt,
    drainMs: (after.at(-1) ?? Number.NaN) - first,
    mostInOneSecond: mostWithin(after, 1_000),
    mostInTenSeconds: mostWithin(after, 10_000),
    outOfOrder: outOfOrder(atSink).length,
    beforeLastCritical: beforeLastCritical(atSink, upAt),
  };
}

const aimAttempts = 3;

/** @param rate of the destination, a second. */
export function outageAims(figures: OutageFigures, rate: number): Aim[] {
  return [
    { what: 'attempts of a message that waited, most', measured: figures.attemptsMax, atMost: aimAttempts },
    { what: 'taken out of order', measured: figures.outOfOrder, atMost: 0, isPromise: true },
    {
      // What had been given its slot already when a critical one came, and the probe.
      what: 'not critical, taken before the last critical',
      measured: figures.beforeLastCritical,
      atMost: rate + 1,
    },
    {
      // Sends are due to the millisecond; their way to the receiver is not the same each time.
      what: `requests in any second after it is back (rate ${rate})`,
      measured: figures.mostInOneSecond,
      atMost: Math.ceil(rate * 1.1),
    },
    {
      what: 'requests in any ten seconds after it is back',
      measured: figures.mostInTenSeconds,
      atMost: rate * 10 + 2,
    },
  ];
}

/** @param waited how many waited for it when it came back. */
export function outageTable(figures: OutageFigures, waited: number, idealDrainMs: number): string[] {
  const rows: readonly (readonly [string, string])[] = [
    ['waited for it when it came back', String(waited)],
    ['attempts of each, mean', figure(figures.attemptsMean)],
    ['attempts of each, most', String(figures.attemptsMax)],
    ['requests while it was down', String(figures.requestsWhileDown)],
    ['from its return to the first, s', figure(figures.firstAfterMs / 1_000)],
    ['from the first to the last, s', figure(figures.drainMs / 1_000)],
    ['that ÷ what its rate allows', figure(figures.drainMs / idealDrainMs)],
    ['most in any second', String(figures.mostInOneSecond)],
  ];
  return table(['the sink that was down', ''], rows);
}

/** Requests in each second: those that were taken, and those that failed. */
export function outageSeries(atSink: readonly Arrival[], since: number): { taken: number[]; failed: number[] } {
  const of = (isTaken: boolean): number[] =>
    perSecond(
      atSink.filter((arrival) => arrival.isTaken === isTaken).map(({ at }) => at),
      since,
    );
  return { taken: of(true), failed: of(false) };
}
