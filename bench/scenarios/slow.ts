import type { Streamed } from '../stream.ts';
import { table } from '../table.ts';
import { spreadHeadings } from './beside.ts';
import { measureDisturbed } from './disturbed.ts';
import { slowestBySecond } from './evidence.ts';
import { perSecond as countPerSecond, plot } from './plot.ts';
import type { Scenario } from './scenario.ts';
import { openStage } from './stage.ts';

const sizes = {
  quick: { messages: 60, delayMs: 4_000, seconds: 12 },
  full: { messages: 500, delayMs: 10_000, seconds: 60 },
} as const;

/** Longer than the receiver takes, because the receiver is slow and does not fail. */
const timeout = '20s';
/** The least number of slow requests at the same time, which gives the time limit: the places for first rounds. */
const leastAtOnce = 16;
const aim = 1.5;
const others = ['brisk-1', 'brisk-2', 'brisk-3'] as const;

/**
 * The messages to the slow destination come evenly over the time of the other load, and are compared with that load
 * alone.
 */
export const slow = slowScenario({
  title: 'one destination takes long for each message; the others beside a run without it',
  isBurst: false,
});

/**
 * All messages to the slow destination are posted at the start of the other load. Starting 500 runs keeps the machine's
 * cores busy for any destination. So the reference has as many messages to a destination that answers at once, and
 * differs only in speed.
 */
export const slowBurst = slowScenario({
  title: 'one destination gets a burst and takes long for each; the others beside a burst at a prompt one',
  isBurst: true,
});

function slowScenario({ title, isBurst }: { readonly title: string; readonly isBurst: boolean }): Scenario {
  return {
    title,
    limitSeconds: (request) => {
      const { messages, delayMs, seconds } = sizes[request.mode];
      return 180 + 3 * seconds + (2 * (request.messages ?? messages) * delayMs) / 1_000 / leastAtOnce;
    },
    async run(session, request) {
      const { delayMs, seconds, ...size } = sizes[request.mode];
      const messages = request.messages ?? size.messages;
      const { perSecond } = request;
      const stage = await openStage(session);
      const sender = await stage.tenant();
      for (const id of others) await sender.destination(id);
      await sender.destination('prompt');
      await sender.destination('dawdler', { timeout });
      await stage.behave('/dawdler', { delayMs });
      const steady = (): ReturnType<typeof sender.post> =>
        sender.post({ messages: perSecond * seconds, perSecond, destinations: others.map((id) => [id]) }, seconds);
      const beside = (to: string): Promise<[Streamed[], Streamed[]]> => {
        const pace = isBurst ? {} : { perSecond: messages / seconds };
        return Promise.all([steady(), sender.post({ messages, ...pace, destinations: [[to]] }, seconds)]);
      };
      const { rows, promises, figures, arrivals, load, disturbing } = await measureDisturbed(stage, {
        who: 'the others',
        disturbance: 'it',
        post: async () => (isBurst ? (await beside('prompt'))[0] : steady()),
        async postBoth() {
          const [load, disturbing] = await beside('dawdler');
          return { load, disturbing };
        },
        limitSeconds: (messages * delayMs) / 1_000 / leastAtOnce + 60,
      });
      const slowest = slowestBySecond(load, arrivals).map(Math.round);
      const begin = disturbing[0]?.at ?? Number.NaN;
      const atDawdler = countPerSecond(
        arrivals.filter(({ path }) => path === '/dawdler').map(({ at }) => at),
        begin,
      );
      return {
        temporal: stage.temporal,
        lines: [
          ...table(spreadHeadings, rows),
          '',
          'beside it, the slowest of the others in ms, by the second in which it was posted',
          ...plot(slowest),
          '',
          'requests a second at the slow one, from its first post on',
          ...plot(atDawdler, { height: 3 }),
        ],
        aims: [{ what: 'p99 of the others ÷ without it', measured: figures.ratio, atMost: aim }, ...promises],
        data: { perSecond, messages, delayMs, ...figures, slowestBySecond: slowest, atDawdler },
      };
    },
  };
}
