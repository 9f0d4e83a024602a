import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../clock.ts';
import { table } from '../table.ts';
import type { ScenarioRequest } from './arguments.ts';
import { beside, promisesOf, spreadHeadings, spreadRow } from './beside.ts';
import { latencies, slowestBySecond, tally, type Tally } from './evidence.ts';
import { outageAims, outageFigures, outageSeries, outageTable } from './outage-figures.ts';
import { perSecond as countPerSecond, plot } from './plot.ts';
import type { Scenario } from './scenario.ts';
import { acceptedOf, openStage } from './stage.ts';

const sizes = {
  quick: { messages: 150, downSeconds: 40, referenceSeconds: 10 },
  full: { messages: 1_000, downSeconds: 600, referenceSeconds: 60 },
} as const;

/** Rate of the destination that is down, per second. */
const rate = 20;
const lanes = 50;
/** Every tenth of the waiting messages is critical. */
const criticalEvery = 10;
const others = ['alive-1', 'alive-2', 'alive-3'] as const;

const aimRatio = 1.5;
/** Longest wait between two probes, as in src/domain/gate.ts. */
const longestProbeSeconds = 60;

export const outage: Scenario = {
  title: 'a sink is down while messages wait for it, and comes back; the others beside a run without it',
  limitSeconds: (request) => {
    const { downSeconds, steadySeconds, referenceSeconds, drainLimit } = planOf(request);
    return 240 + Math.max(downSeconds, steadySeconds) + 2 * referenceSeconds + drainLimit + 120;
  },
  async run(session, request) {
    const plan = planOf(request);
    const { messages, downSeconds, referenceSeconds, steadySeconds, drainLimit, perSecond } = plan;
    const stage = await openStage(session);
    const sender = await stage.tenant();
    for (const id of others) await sender.destination(id);
    await sender.destination('dead', { rate: { limit: rate, per: '1s' } });
    const steady = (seconds: number): ReturnType<typeof sender.post> =>
      sender.post({ messages: perSecond * seconds, perSecond, destinations: others.map((id) => [id]) }, seconds);
    /**
     * Each message also goes to a healthy sink. In the reference it goes only there, so that both parts have the same
     * work to do.
     */
    const alsoTo = (dead: readonly string[], count: number): ReturnType<typeof sender.post> =>
      sender.post(
        {
          messages: count,
          perSecond: plan.waitingPerSecond,
          conversations: lanes,
          criticalEvery,
          destinations: [[...dead, 'alive-1']],
        },
        count / plan.waitingPerSecond,
      );
    const reference = async (): Promise<{ steadily: number[]; tallied: Tally }> => {
      const [posted, too] = await Promise.all([
        steady(referenceSeconds),
        alsoTo([], Math.ceil(referenceSeconds * plan.waitingPerSecond)),
      ]);
      const arrivals = await stage.settled(60);
      return { steadily: latencies(posted, arrivals), tallied: tally([...posted, ...too], arrivals) };
    };

    stage.say('without the dead sink');
    const before = await reference();
    stage.say(`the sink is down for ${downSeconds} s; ${messages} messages come to wait for it`);
    const downAt = await stage.behave('/dead', { status: 500 });
    const steadily = steady(steadySeconds);
    const waiting = alsoTo(['dead'], messages);
    for (const stream of [steadily, waiting]) stream.catch(() => undefined); // thrown below, where both are awaited
    while (now() < downAt + downSeconds * 1_000) {
      await sleep(Math.min(30_000, Math.max(1, downAt + downSeconds * 1_000 - now())));
      stage.say(`${await waitingFor()} wait for it`);
    }
    const waited = await waitingFor();
    const upAt = await stage.behave('/dead', { status: 200 });
    stage.say('it is back');
    const [steadyPosted, waitingPosted] = await Promise.all([steadily, waiting]);
    const arrivals = await stage.settled(drainLimit);
    stage.say('without the dead sink, again');
    const after = await reference();

    async function waitingFor(): Promise<number> {
      const [row] = await stage.sql<{ count: number }[]>`
        select count(*)::integer as count from deliveries where destination = 'dead' and state in ('queued', 'waiting', 'retrying', 'sending')`;
      return row?.count ?? 0;
    }

    const attempts = (
      await stage.sql<{ attempts: number }[]>`
        select attempts from deliveries where destination = 'dead' and message = any(${acceptedOf(waitingPosted)})`
    ).map((row) => row.attempts);
    const atDead = arrivals.filter(({ path }) => path === '/dead');
    const alone = [...before.steadily, ...after.steadily];
    const steadyBeside = beside(alone, latencies(steadyPosted, arrivals));
    const siblings = beside(alone, latencies(waitingPosted, arrivals, ['alive-1']));
    const tallies = [before.tallied, after.tallied, tally([...steadyPosted, ...waitingPosted], arrivals)];
    const figures = outageFigures(atDead, upAt, attempts);
    const slowest = slowestBySecond(steadyPosted, arrivals).map(Math.round);
    const series = countPerSecond(
      atDead.map(({ at }) => at),
      downAt,
    );
    return {
      temporal: stage.temporal,
      lines: [
        ...table(spreadHeadings, [
          spreadRow('the others, without it', steadyBeside.reference),
          spreadRow('the others, beside it', steadyBeside.measured, steadyBeside.ratio),
          spreadRow('of those that wait, their other half', siblings.measured, siblings.ratio),
        ]),
        '',
        ...outageTable(figures, waited, (messages / rate) * 1_000),
        '',
        `requests a second at the sink, from when it went down; back after ${downSeconds} s`,
        ...plot(series),
        '',
        'the slowest of the others in ms, by the second in which it was posted, from when it went down',
        ...plot(slowest),
      ],
      aims: [
        { what: 'p99 of the others ÷ without it', measured: steadyBeside.ratio, atMost: aimRatio },
        ...outageAims(figures, rate),
        ...promisesOf(tallies),
      ],
      data: {
        ...plan,
        rate,
        waited,
        steady: steadyBeside,
        siblings,
        figures,
        tallies,
        seriesPerSecond: outageSeries(atDead, downAt),
        slowestBySecond: slowest,
      },
    };
  },
};

function planOf(request: ScenarioRequest) {
  const size = sizes[request.mode];
  const messages = request.messages ?? size.messages;
  const downSeconds = request.downSeconds ?? size.downSeconds;
  const drainSeconds = messages / rate;
  return {
    messages,
    downSeconds,
    referenceSeconds: size.referenceSeconds,
    perSecond: request.perSecond,
    /**
     * The rate at which all of them are posted in the first half of the outage, so that all wait in the second half.
     */
    waitingPerSecond: messages / (downSeconds / 2),
    /** Long enough for the sink to be drained, so that the other destinations are measured during the whole drain. */
    steadySeconds: Math.ceil(downSeconds + Math.min(longestProbeSeconds, downSeconds) + drainSeconds * 1.2),
    drainLimit: longestProbeSeconds + 60 + drainSeconds * 2,
  };
}
