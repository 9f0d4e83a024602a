import { figure, table } from '../table.ts';
import type { Aim } from './aims.ts';
import { promisesOf } from './beside.ts';
import { firstTaken, outOfOrder, tally, type Arrival, type Tally } from './evidence.ts';
import type { Scenario } from './scenario.ts';
import { openStage, type Sender, type Stage } from './stage.ts';
import type { Streamed } from '../stream.ts';

const sizes = { quick: 120, full: 1_000 } as const;
const manyLanes = 100;
/** The least number of deliveries per second of a lane without and with faults, which give the time limit. */
const leastPerSecond = 5;
const leastFaultyPerSecond = 1.5;
/** The least throughput of many lanes, as a share of that without lanes. */
const aimOfMany = 0.5;

/**
 * Strict order: deliveries behind a parked one wait for an operator. The faults are short, so that the waits are short.
 */
const strict = {
  onParked: 'hold',
  holdFor: 'forever',
  retry: { initialInterval: '200ms', multiplier: 2, maxInterval: '2s', maxAttempts: 50 },
} as const;
/** The receiver ignores a repeated `webhook-id` and its address says so, which is class A. */
const folds = { dedupeWindow: '24h' } as const;

interface Part {
  readonly title: string;
  readonly tally: Tally;
  readonly outOfOrder: number;
  /** Deliveries per second, from the first post to the last accepted request. */
  readonly perSecond: number;
}

export const lanes: Scenario = {
  title: 'one conversation at a faulty receiver stays in order; one lane and 100 lanes beside none',
  limitSeconds: (request) => {
    const messages = request.messages ?? sizes[request.mode];
    return 240 + (4 * messages) / leastPerSecond + messages / leastFaultyPerSecond;
  },
  async run(session, request) {
    const messages = request.messages ?? sizes[request.mode];
    const stage = await openStage(session);
    const sender = await stage.tenant();
    for (const id of ['faulty', 'sound']) await sender.destination(id, strict, folds);
    await stage.behave('/faulty', { isFaulty: true });
    const limit = messages / leastPerSecond + 60;
    const part = (title: string, conversations: number) =>
      measure(stage, sender, { title, destination: 'sound', conversations, messages, limit });

    const before = await part('no lanes', 0);
    const one = await part('one lane', 1);
    const many = await part(`${manyLanes} lanes`, manyLanes);
    const after = await part('no lanes, again', 0);
    const faulty = await measure(stage, sender, {
      title: 'one lane, with faults',
      destination: 'faulty',
      conversations: 1,
      messages,
      limit: messages / leastFaultyPerSecond + 60,
    });
    const parts = [before, one, many, after, faulty];
    const without = (before.perSecond + after.perSecond) / 2;
    const aims: Aim[] = [
      {
        what: 'taken out of order',
        measured: parts.reduce((all, part) => all + part.outOfOrder, 0),
        atMost: 0,
        isPromise: true,
      },
      { what: `throughput of ${manyLanes} lanes ÷ none`, measured: many.perSecond / without, atLeast: aimOfMany },
      // A request that is accepted twice after a reset does not count as doubled: the address says that the receiver
      // ignores the second one.
      ...promisesOf([before, one, many, after].map(({ tally: counted }) => counted)),
      { what: 'lost, with faults', measured: faulty.tally.lost, atMost: 0, isPromise: true },
    ];
    return {
      temporal: stage.temporal,
      lines: table(
        ['strict order', 'messages', '/s', '÷ no lanes', 'requests each', 'out of order', 'lost', 'folded'],
        parts.map((one) => [
          one.title,
          String(one.tally.messages),
          ...[one.perSecond, one.perSecond / without, one.tally.requestsEach].map(figure),
          ...[one.outOfOrder, one.tally.lost, one.tally.doubled].map(String),
        ]),
      ),
      aims,
      data: { messages, parts },
    };
  },
};

async function measure(
  stage: Stage,
  sender: Sender,
  options: { title: string; destination: string; conversations: number; messages: number; limit: number },
): Promise<Part> {
  const { title, destination, conversations, messages, limit } = options;
  stage.say(`${title}: ${messages} messages`);
  const posted = await sender.post({ messages, conversations, destinations: [[destination]] }, limit);
  const arrivals = await stage.settled(limit);
  return {
    title,
    tally: tally(posted, arrivals),
    outOfOrder: outOfOrder(arrivals).length,
    perSecond: rate(posted, arrivals),
  };
}

function rate(posted: readonly Streamed[], arrivals: readonly Arrival[]): number {
  const taken = [...firstTaken(arrivals).values()];
  const begin = posted.reduce((least, { at }) => Math.min(least, at), Infinity);
  const end = taken.reduce((most, { at }) => Math.max(most, at), -Infinity);
  return taken.length / ((end - begin) / 1_000);
}
