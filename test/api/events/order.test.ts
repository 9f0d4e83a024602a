import { connect, type Sql } from '../../../src/store/db/db.ts';
import { eventually } from '../../support/eventually.ts';
import { followEvents } from '../event-reader.ts';
import { numbers, numbersOf } from '../event-writer.ts';
import { startTestApi, type TestApi } from '../running-api.ts';
import { createDatabase, type TestDatabase } from '../../support/postgres.ts';

const writers = 20;
const transactionsEach = 8;
const eventsEach = 3;
const total = writers * transactionsEach * eventsEach;

let database: TestDatabase;
let api: TestApi;
let sql: Sql;
beforeAll(async () => {
  database = await createDatabase();
  api = await startTestApi(database.url, { eventStreams: { lookEveryMs: 20 } });
  sql = connect(database.url, { name: 'test-writers', max: writers, statementTimeoutMs: 10_000 });
});
afterAll(async () => {
  await Promise.all([api.close(), sql.end()]);
  await database.drop();
});

/** Keeps transactions open and lets them commit one at a time, in an order other than the one in which they began. */
function createShuffle(): { turn(): Promise<void>; writerIsDone(): void } {
  const held: (() => void)[] = [];
  let running = writers;
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  // Keeps most transactions open: one commits when nearly all writers that are not done wait.
  const release = (): void => {
    if (held.length > 0 && held.length >= running - 3) held.splice(random(held.length), 1)[0]?.();
  };
  return {
    turn: () =>
      new Promise((go) => {
        held.push(go);
        release();
      }),
    writerIsDone() {
      running -= 1;
      release();
    },
  };
}

/** Each transaction pauses after each of its events, while others write events and commit. */
async function write(writer: number, { turn, writerIsDone }: ReturnType<typeof createShuffle>): Promise<void> {
  for (let round = 0; round < transactionsEach; round += 1)
    await sql.begin(async (tx) => {
      for (let one = 0; one < eventsEach; one += 1) {
        const n = (writer * transactionsEach + round) * eventsEach + one;
        await tx`insert into events (tenant, type, data) values ('default', 'carillon.test.made', jsonb_build_object('n', ${n}::integer))`;
        await turn();
      }
    });
  writerIsDone();
}

/** Polls from the beginning, a few events at a time, until all were seen. Then polls once more. */
async function pollAll(): Promise<number[]> {
  const seen: number[] = [];
  let after = '';
  await eventually('all events by polling', async () => {
    const { body } = await api.call('GET', `/v1/events?limit=7${after}`);
    seen.push(...numbersOf(body.data));
    after = `&after=${body.nextCursor}`;
    return seen.length >= total;
  });
  const { body } = await api.call('GET', `/v1/events?limit=7${after}`);
  return [...seen, ...numbersOf(body.data)];
}

test('shows each event exactly once, by polling and by stream, when transactions commit out of order', async () => {
  const stream = await followEvents(`${api.url}/v1/events`);
  await eventually('the stream is open', () => stream.lastId !== undefined);
  const polled = pollAll();
  const shuffle = createShuffle();
  await Promise.all(numbers(0, writers).map((writer) => write(writer, shuffle)));

  const seenByPolling = await polled;
  await eventually('all events by stream', () => stream.events.length >= total);
  const seenByStream = stream.events.map(({ body }) => body.data.n as number);
  stream.cut();
  expect([...seenByPolling].sort((a, b) => a - b)).toEqual(numbers(0, total));
  expect(seenByStream).toEqual(seenByPolling);

  // Without such events the test proves nothing: a reader that goes by the serial number would not skip any.
  const [row] = await sql<{ swapped: number }[]>`
    select count(*)::integer as swapped
    from (select xid, lead(xid) over (order by id) as next from events) e where next < xid`;
  expect(row?.swapped).toBeGreaterThan(writers);
  // The events of one transaction stay together and in order.
  for (let first = 0; first < total; first += eventsEach) {
    const at = seenByPolling.indexOf(first);
    expect(seenByPolling.slice(at, at + eventsEach)).toEqual(numbers(first, eventsEach));
  }
});
