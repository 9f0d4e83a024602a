import { connect } from '../../../src/store/db/db.ts';
import { eventually } from '../../support/eventually.ts';
import { createEventBench, hasSeen, isConnected, seenBy, type EventBench } from '../event-bench.ts';
import { numbers, writeEvents } from '../event-writer.ts';

let bench: EventBench;
beforeEach(async () => {
  bench = await createEventBench();
});
afterEach(() => bench.remove());

/** Writes events of 4 kB each. */
async function writeLargeEvents(first: number, count: number): Promise<void> {
  await bench.sql`
    insert into events (tenant, type, data)
    select 'default', 'carillon.test.large', jsonb_build_object('n', n, 'more', repeat('x', 4000))
    from generate_series(${first}::integer, ${first + count - 1}::integer) n`;
}

test('ends open streams at once when the server closes, even one whose reader has stopped reading', async () => {
  const api = await bench.start();
  const reader = await bench.follow(api);
  const still = await bench.follow(api);
  await isConnected(still);
  still.answer.pause();
  await writeLargeEvents(0, 3_000);
  await hasSeen(reader, 2_999);

  const began = performance.now();
  await api.close();
  expect(performance.now() - began).toBeLessThan(1_500);
  await eventually('the stream is over', () => reader.isOver);
  expect(reader.answer.complete).toBe(true);
  expect(api.log.join('')).not.toMatch(/still under way|an event stream broke/);
});

test('reads no further events for a stream until its paused reader continues', async () => {
  const plain = connect(bench.databaseUrl, { name: 'test-counted', max: 4, statementTimeoutMs: 10_000 });
  let slowReads = 0;
  const counted = new Proxy(plain, {
    apply(target, self, args: [TemplateStringsArray, ...unknown[]]) {
      if (args[0].join('').includes('with scanned')) slowReads += 1;
      return Reflect.apply(target as never, self, args);
    },
  });
  const slowApi = await bench.start(bench.databaseUrl, { sql: counted });
  const fastApi = await bench.start();
  const [slow, fast] = [await bench.follow(slowApi), await bench.follow(fastApi)];
  await Promise.all([isConnected(slow), isConnected(fast)]);
  slow.answer.pause();
  const before = slowReads;
  await writeLargeEvents(0, 8_000); // 32 MB in 40 pages, of which the sockets buffer a few
  await hasSeen(fast, 7_999);
  const whileItStood = slowReads - before;
  expect(whileItStood).toBeLessThan(20);

  slow.answer.resume();
  await hasSeen(slow, 7_999);
  expect(seenBy(slow)).toEqual(numbers(0, 8_000));
  expect(slowReads - before).toBeGreaterThanOrEqual(40);
  slow.cut();
  await plain.end();
});

test('ends a stream when retention has removed its next events, and answers 410 when its reader returns', async () => {
  const api = await bench.start();
  const reader = await bench.follow(api);
  await isConnected(reader);
  reader.answer.pause();
  await writeLargeEvents(0, 8_000);
  await eventually('they can be read', async () => (await api.call('GET', '/v1/events')).body.data.length > 0);
  await bench.sql`
    with gone as (delete from events returning xid, id)
    insert into events_removed (tenant, xid, id) select 'default', xid, id from gone order by xid desc, id desc limit 1`;
  reader.answer.resume();
  await writeEvents(bench.sql, 8_000, 1);
  await eventually('the stream is over', () => reader.isOver);
  expect(reader.events.length).toBeLessThan(8_000);
  expect((await bench.follow(api, '', { 'last-event-id': reader.lastId ?? '' })).answer.statusCode).toBe(410);
});
