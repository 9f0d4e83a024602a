import { table } from '../table.ts';
import { beside, promisesOf, spreadHeadings, spreadRow } from './beside.ts';
import { latencies, tally } from './evidence.ts';
import type { Scenario } from './scenario.ts';
import { openStage } from './stage.ts';
import { readWays, wayRows } from './ways.ts';

const sizes = {
  quick: { loud: 400, critical: 20, perSecond: 2 },
  full: { loud: 5_000, critical: 50, perSecond: 1 },
} as const;

/** What two cores deliver in a second at the least, for the limit. */
const leastPerSecond = 8;
/** A receipt is a second old at most when it is delivered, whatever somebody else has posted. */
const aimMs = 1_000;

export const fairness: Scenario = {
  title: 'one tenant posts thousands of low messages, another its critical ones beside a run without that',
  limitSeconds: (request) => {
    const { loud, critical, perSecond } = sizes[request.mode];
    return 240 + (3 * critical) / perSecond + (request.messages ?? loud) / leastPerSecond;
  },
  async run(session, request) {
    const { critical, perSecond, ...size } = sizes[request.mode];
    const loudMessages = request.messages ?? size.loud;
    const stage = await openStage(session);
    const loud = await stage.tenant('loud');
    const calm = await stage.tenant('calm');
    await loud.destination('loud');
    await calm.destination('calm');
    const post = (): ReturnType<typeof calm.post> =>
      calm.post(
        { messages: critical, perSecond, destinations: [['calm']], priority: 'critical' },
        critical / perSecond,
      );

    stage.say('the calm tenant alone');
    const before = await post();
    const beforeArrivals = await stage.settled(60);
    stage.say(`the loud tenant posts ${loudMessages} low messages; the calm one goes on`);
    const [flood, during] = await Promise.all([
      loud.post({ messages: loudMessages, destinations: [['loud']], priority: 'low' }, loudMessages / leastPerSecond),
      post(),
    ]);
    const [row] = await stage.sql<{ open: number }[]>`
      select count(*)::integer as open from messages where tenant = 'loud' and open_count > 0`;
    const stillOpen = row?.open ?? 0;
    stage.say(`${stillOpen} of the loud tenant's are still open: waiting for its last`);
    const duringArrivals = await stage.settled(60 + loudMessages / leastPerSecond);
    const ways = await readWays(stage, during);
    stage.say('the calm tenant alone, again');
    const after = await post();
    const afterArrivals = await stage.settled(60);

    const { reference, measured, ratio } = beside(
      [...latencies(before, beforeArrivals), ...latencies(after, afterArrivals)],
      latencies(during, duringArrivals),
    );
    const tallies = [
      tally([...before, ...after], [...beforeArrivals, ...afterArrivals]),
      tally([...during, ...flood], duringArrivals),
    ];
    const loudLatency = beside([], latencies(flood, duringArrivals)).measured;
    return {
      temporal: stage.temporal,
      lines: [
        ...table(spreadHeadings, [
          spreadRow('critical, alone', reference),
          spreadRow('critical, beside the flood', measured, ratio),
          ...wayRows(ways),
          spreadRow('the flood itself, low', loudLatency),
        ]),
        `${stillOpen} of ${loudMessages} low messages were still open when the last critical one was posted`,
      ],
      aims: [
        { what: 'p99 of critical beside the flood, ms', measured: measured.p99, atMost: aimMs },
        {
          what: 'low messages open at the last critical one (else the flood was too short)',
          measured: stillOpen,
          atLeast: 1,
        },
        ...promisesOf(tallies),
      ],
      data: { loudMessages, critical, perSecond, reference, measured, ratio, ways, loudLatency, stillOpen, tallies },
    };
  },
};
