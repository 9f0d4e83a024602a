import { eventually } from '../../support/eventually.ts';
import { startCutProxy } from '../cut-proxy.ts';
import { createEventBench, hasSeen, isConnected, seenBy, type EventBench } from '../event-bench.ts';
import { numbers, writeEvents } from '../event-writer.ts';
import { startSilentProxy } from '../silent-proxy.ts';

let bench: EventBench;
beforeEach(async () => {
  bench = await createEventBench();
});
afterEach(() => bench.remove());

/** The database's URL with another port. */
function through(port: number): string {
  const url = new URL(bench.databaseUrl);
  url.port = String(port);
  return url.href;
}

test('loses no event when PostgreSQL ends the connections of a stream, idle or in the middle of a read', async () => {
  const api = await bench.start();
  const reader = await bench.follow(api);
  await isConnected(reader);
  for (let round = 0; round < 5; round += 1) {
    await bench.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'test-api'`;
    const writer = await bench.sql.reserve();
    await writer`begin`;
    await writeEvents(writer, round * 50, 50);
    // This transaction began later, so it holds back no event. Only the read of a page uses this table; the shared look
    // does not.
    await bench.sql.begin(async (tx) => {
      await tx`lock table events_removed in access exclusive mode`;
      await writer`commit`;
      await eventually('a read was ended', async () => {
        // Outside of the transaction, which would see the same snapshot of the activity each time.
        const ended = await bench.sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'test-api' and wait_event_type = 'Lock'`;
        return ended.length > 0;
      });
    });
    writer.release();
    await hasSeen(reader, round * 50 + 49);
  }
  expect(seenBy(reader)).toEqual(numbers(0, 250));
  expect(reader.isOver).toBe(false);
});

test('keeps a stream open with heartbeats while PostgreSQL is gone, and then continues without loss', async () => {
  const proxy = await startCutProxy(Number(new URL(bench.databaseUrl).port));
  const api = await bench.start(through(proxy.port));
  const reader = await bench.follow(api);
  await writeEvents(bench.sql, 0, 10);
  await hasSeen(reader, 9);
  await proxy.cut();
  await eventually('the outage is seen', () => api.log.join('').includes('events cannot be read'));
  await writeEvents(bench.sql, 10, 300);
  const comments = reader.comments;
  await eventually('heartbeats during the outage', () => reader.comments > comments + 3);
  expect(seenBy(reader)).toEqual(numbers(0, 10));
  expect((await api.call('GET', '/v1/events')).status).toBe(503);
  const refused = await api.call('GET', '/v1/events', { headers: { accept: 'text/event-stream' } });
  expect(refused.status).toBe(503);

  await proxy.restore();
  await hasSeen(reader, 309);
  expect(seenBy(reader)).toEqual(numbers(0, 310));
  expect(reader.isOver).toBe(false);
  await bench.closeApis();
  await proxy.cut();
});

test('keeps a stream open while PostgreSQL does not answer, and catches up afterwards', async () => {
  const proxy = await startSilentProxy(Number(new URL(bench.databaseUrl).port));
  const api = await bench.start(through(proxy.port));
  const reader = await bench.follow(api);
  await writeEvents(bench.sql, 0, 10);
  await hasSeen(reader, 9);
  proxy.silence();
  await writeEvents(bench.sql, 10, 10);
  const comments = reader.comments;
  await eventually('heartbeats during the silence', () => reader.comments > comments + 5);
  expect(seenBy(reader)).toEqual(numbers(0, 10));
  proxy.speak();
  await hasSeen(reader, 19);
  expect(seenBy(reader)).toEqual(numbers(0, 20));
  await bench.closeApis();
  await proxy.close();
});
