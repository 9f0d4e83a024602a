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

/** Longer than the receiver takes: it is slow, it does not fail. */
const timeout = '20s';
/** Slow ones at once at the least, for the limit: the places of a first round. */
const leastAtOnce = 16;
const aim = 1.5;
const others = ['brisk-1', 'brisk-2', 'brisk-3'] as const;

export const slow: Scenario = {
  title: 'one destination takes long for each message; the others beside a run without it',
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
    await sender.destination('dawdler', { timeout });
    await stage.behave('/dawdler', { delayMs });
    const steady = (): ReturnType<typeof sender.post> =>
      sender.post({ messages: perSecond * seconds, perSecond, destinations: others.map((id) => [id]) }, seconds);
    const { rows, promises, figures, arrivals, load, disturbing } = await measureDisturbed(stage, {
      who: 'the others',
      disturbance: 'it',
      post: steady,
      async postBoth() {
        const dawdling = await sender.post({ messages, destinations: [['dawdler']] }, 60);
        return { load: await steady(), disturbing: dawdling };
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
