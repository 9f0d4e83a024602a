import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../clock.ts';
import { startCounting, stopCounting, type Statement } from '../postgres-figures.ts';
import { mean, sum } from '../statistics.ts';
import { figure, table } from '../table.ts';
import { promisesOf } from './beside.ts';
import { tally } from './evidence.ts';
import type { Scenario } from './scenario.ts';
import { acceptedOf, openStage, type Stage } from './stage.ts';
import type { Streamed } from '../stream.ts';

const sizes = {
  quick: { few: 5, messages: 50, seconds: 6 },
  full: { few: 10, messages: 200, seconds: 60 },
} as const;
/** How many times longer the second look takes. */
const longer = 3;
/**
 * The most statements per second that one more waiting message may cost. The statements for the gate itself do not
 * depend on their number.
 */
const aimStatements = 0.01;

interface Look {
  readonly waiting: number;
  readonly seconds: number;
  /** Number of statements of Carillon, both of its clients and of its triggers. */
  readonly statements: number;
  readonly statementsPerSecond: number;
  readonly statementList: readonly Statement[];
  /** Means per message at the end of the look. */
  readonly historyEvents: number;
  readonly events: number;
}

export const waiting: Scenario = {
  title: 'messages wait at a paused destination: what each costs in a time, and in three times that',
  limitSeconds: (request) => 300 + 3 * (1 + longer) * sizes[request.mode].seconds,
  async run(session, request) {
    const { few, seconds, ...size } = sizes[request.mode];
    const messages = Math.max(few + 1, request.messages ?? size.messages);
    const stage = await openStage(session);
    const sender = await stage.tenant();
    for (const id of ['paused', 'alive']) await sender.destination(id);
    await sender.ask('POST', 'destinations/paused/pause');
    const posted: Streamed[] = [];
    const looks: Look[] = [];
    for (const count of [0, few, messages]) {
      if (count > 0) {
        const more = { messages: count - posted.length, destinations: [['alive', 'paused']] };
        posted.push(...(await sender.post(more, 60)));
        await halfDelivered(stage, posted.length);
      }
      for (const time of [seconds, seconds * longer]) {
        stage.say(`${count} wait: counting for ${time} s`);
        looks.push(await look(stage, posted, time));
      }
    }
    stage.say('resumed');
    await sender.ask('POST', 'destinations/paused/resume');
    const arrivals = await stage.settled(120);

    const at = (count: number): Look[] => looks.filter((one) => one.waiting === count);
    const each = [0, 1].map((index) => {
      const [less, more] = [at(few)[index], at(messages)[index]];
      return ((more?.statementsPerSecond ?? Number.NaN) - (less?.statementsPerSecond ?? Number.NaN)) / (messages - few);
    });
    const grown = [few, messages].flatMap((count) => {
      const [first, second] = at(count);
      return [
        (second?.historyEvents ?? Number.NaN) - (first?.historyEvents ?? Number.NaN),
        (second?.events ?? Number.NaN) - (first?.events ?? Number.NaN),
      ];
    });
    return {
      temporal: stage.temporal,
      lines: table(
        ['that wait', 'seconds', 'SQL statements', '/s', 'history events each', 'events each'],
        looks.map((one) => [
          String(one.waiting),
          ...[one.seconds, one.statements, one.statementsPerSecond, one.historyEvents, one.events].map(figure),
        ]),
      ),
      aims: [
        {
          what: `statements a second for one more that waits, in ${seconds} s`,
          measured: each[0] ?? Number.NaN,
          atMost: aimStatements,
        },
        { what: `the same, in ${seconds * longer} s`, measured: each[1] ?? Number.NaN, atMost: aimStatements },
        { what: 'events of history and of the message, by which they grow', measured: Math.max(...grown), atMost: 0 },
        ...promisesOf([tally(posted, arrivals)]),
      ],
      data: { few, messages, looks, statementsEach: each, grown },
    };
  },
};

/** Waits until each message is delivered to its healthy destination and waits at the paused one. */
async function halfDelivered({ sql, say }: Stage, count: number): Promise<void> {
  const end = now() + 60_000;
  const waits = async (): Promise<number> => {
    const [row] = await sql<{ count: number }[]>`
      select count(*)::integer as count from deliveries d where destination = 'paused' and state = 'waiting'
        and exists (select from deliveries o where o.message = d.message and o.state = 'delivered')`;
    return row?.count ?? 0;
  };
  while ((await waits()) < count && now() < end) await sleep(100);
  if (now() >= end) say(`only ${await waits()} of ${count} wait at the paused destination`);
}

async function look({ stack, sql, client }: Stage, posted: readonly Streamed[], seconds: number): Promise<Look> {
  await startCounting(stack.sql);
  const begin = now();
  await sleep(seconds * 1_000);
  const elapsed = (now() - begin) / 1_000;
  const statementList = (await stopCounting(stack.sql, 1)).filter(({ text }) => !text.startsWith('LISTEN'));
  const statements = sum(statementList.map(({ calls }) => calls));
  const ids = acceptedOf(posted);
  const runs = await sql<{ id: string }[]>`select workflow_id as id from messages where id = any(${ids})`;
  const described = await Promise.all(
    runs.map(async ({ id }) => (await client.workflow.getHandle(id).describe()).historyLength),
  );
  const [row] = await sql<
    { count: number }[]
  >`select count(*)::integer as count from events where message = any(${ids})`;
  return {
    waiting: posted.length,
    seconds: elapsed,
    statements,
    statementsPerSecond: statements / elapsed,
    statementList,
    historyEvents: posted.length === 0 ? 0 : mean(described),
    events: posted.length === 0 ? 0 : (row?.count ?? 0) / posted.length,
  };
}
