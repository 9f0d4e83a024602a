import { mean } from '../statistics.ts';
import { figure, table } from '../table.ts';
import type { Aim } from './aims.ts';
import { beforeLastCritical, outOfOrder, type Arrival } from './evidence.ts';
import { mostWithin, perSecond } from './plot.ts';

/** The requests to a sink that was down and came back, in figures. */
export interface OutageFigures {
  /** Most and mean attempts per message. */
  readonly attemptsMax: number;
  readonly attemptsMean: number;
  readonly requestsWhileDown: number;
  /** Milliseconds from the return of the sink to the first request. */
  readonly firstAfterMs: number;
  /** Milliseconds from that request to the last one. */
  readonly drainMs: number;
  readonly mostInOneSecond: number;
  readonly mostInTenSeconds: number;
  readonly outOfOrder: number;
  readonly beforeLastCritical: number;
}

/**
 * Computes the figures of an outage.
 * @param atSink all requests to the sink.
 * @param upAt when the sink came back.
 * @param attempts the number of attempts of each message.
 */
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

/** @param rate the rate of the destination, per second. */
export function outageAims(figures: OutageFigures, rate: number): Aim[] {
  return [
    { what: 'attempts of a message that waited, most', measured: figures.attemptsMax, atMost: aimAttempts },
    { what: 'taken out of order', measured: figures.outOfOrder, atMost: 0, isPromise: true },
    {
      // Deliveries that had their time slot before a critical message came, and the probe.
      what: 'not critical, taken before the last critical',
      measured: figures.beforeLastCritical,
      atMost: rate + 1,
    },
    {
      // Requests are sent on the millisecond, but take a different time to the receiver each.
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

/** @param waited how many messages waited for the sink when it came back. */
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

/** Counts the accepted and the failed requests of each second. */
export function outageSeries(atSink: readonly Arrival[], since: number): { taken: number[]; failed: number[] } {
  const of = (isTaken: boolean): number[] =>
    perSecond(
      atSink.filter((arrival) => arrival.isTaken === isTaken).map(({ at }) => at),
      since,
    );
  return { taken: of(true), failed: of(false) };
}
