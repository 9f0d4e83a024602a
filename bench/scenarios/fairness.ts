import { spread } from '../statistics.ts';
import { table } from '../table.ts';
import { spreadHeadings, spreadRow } from './beside.ts';
import { measureDisturbed } from './disturbed.ts';
import { latencies } from './evidence.ts';
import type { Scenario } from './scenario.ts';
import { openStage } from './stage.ts';

const sizes = {
  quick: { loud: 400, critical: 20, perSecond: 2 },
  full: { loud: 5_000, critical: 50, perSecond: 1 },
} as const;

/** The least number of deliveries per second of two cores, which gives the time limit. */
const leastPerSecond = 8;
/** A critical message is delivered within a second, whatever another tenant has posted. */
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

    let stillOpen = 0;
    const { rows, promises, figures, arrivals, disturbing } = await measureDisturbed(stage, {
      who: 'critical',
      disturbance: 'the flood',
      post,
      async postBoth() {
        const [flood, load] = await Promise.all([
          loud.post(
            { messages: loudMessages, destinations: [['loud']], priority: 'low' },
            loudMessages / leastPerSecond,
          ),
          post(),
        ]);
        const [row] = await stage.sql<{ open: number }[]>`
          select count(*)::integer as open from messages where tenant = 'loud' and open_count > 0`;
        stillOpen = row?.open ?? 0;
        return { load, disturbing: flood };
      },
      limitSeconds: 60 + loudMessages / leastPerSecond,
    });
    const loudLatency = spread(latencies(disturbing, arrivals));
    return {
      temporal: stage.temporal,
      lines: [
        ...table(spreadHeadings, [...rows, spreadRow('the flood itself, low', loudLatency)]),
        `${stillOpen} of ${loudMessages} low messages were still open when the last critical one was posted`,
      ],
      aims: [
        { what: 'p99 of critical beside the flood, ms', measured: figures.measured.p99, atMost: aimMs },
        {
          what: 'low messages open at the last critical one (else the flood was too short)',
          measured: stillOpen,
          atLeast: 1,
        },
        ...promises,
      ],
      data: { loudMessages, critical, perSecond, ...figures, loudLatency, stillOpen },
    };
  },
};
