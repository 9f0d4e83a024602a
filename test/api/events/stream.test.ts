import { eventually } from '../../support/eventually.ts';
import { createEventBench, hasSeen, isConnected, seenBy, type EventBench } from '../event-bench.ts';
import { numbers, writeEvents } from '../event-writer.ts';

let bench: EventBench;
beforeEach(async () => {
  bench = await createEventBench();
});
afterEach(() => bench.remove());

test('starts a stream at the present, with the events of polling and the time to reconnect', async () => {
  const api = await bench.start();
  await writeEvents(bench.sql, 0, 3);
  await eventually('old events', async () => (await api.call('GET', '/v1/events')).body.data.length === 3);
  const reader = await bench.follow(api);
  expect(reader.answer.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    vary: 'accept',
    'x-request-id': expect.any(String),
  });
  await isConnected(reader);
  expect(reader.retry).toBe(2_000);

  await writeEvents(bench.sql, 3, 2);
  await hasSeen(reader, 4);
  expect(seenBy(reader)).toEqual([3, 4]);
  const { body } = await api.call('GET', '/v1/events');
  expect(reader.events.map((event) => event.body)).toEqual(body.data.slice(3));
  for (const { lastId, name, body: event } of reader.events) expect([lastId, name]).toEqual([event.id, event.type]);
});

test('continues a stream by Last-Event-ID, which takes precedence over the parameter after', async () => {
  const api = await bench.start();
  const first = await bench.follow(api);
  await isConnected(first);
  const before = first.lastId ?? '';
  await writeEvents(bench.sql, 0, 2);
  await hasSeen(first, 1);
  first.cut();
  await writeEvents(bench.sql, 2, 500);

  const [byHeader, byQuery, byBoth] = [
    await bench.follow(api, '', { 'last-event-id': first.lastId ?? '' }),
    await bench.follow(api, `?after=${before}`),
    await bench.follow(api, `?after=${before}`, { 'last-event-id': first.lastId ?? '' }),
  ];
  for (const reader of [byHeader, byQuery, byBoth]) await hasSeen(reader, 501);
  expect(seenBy(byHeader)).toEqual(numbers(2, 500));
  expect(seenBy(byBoth)).toEqual(numbers(2, 500));
  expect(seenBy(byQuery)).toEqual(numbers(0, 502));
});

test('misses no event when a stream is cut before its first event', async () => {
  const api = await bench.start();
  const first = await bench.follow(api);
  await isConnected(first);
  first.cut();
  await writeEvents(bench.sql, 0, 1);
  const second = await bench.follow(api, '', { 'last-event-id': first.lastId ?? '' });
  await hasSeen(second, 0);
});

test('filters a stream, and advances its position with heartbeats while nothing matches', async () => {
  const api = await bench.start();
  const reader = await bench.follow(api, '?type=carillon.rare.*');
  await isConnected(reader);
  const before = reader.lastId;
  await writeEvents(bench.sql, 0, 2_500);
  await eventually('the place moved', () => reader.lastId !== before);
  await writeEvents(bench.sql, 2_500, 1, 'carillon.rare.thing');
  await hasSeen(reader, 2_500);
  expect(reader.events).toHaveLength(1);
  expect(reader.comments).toBeGreaterThan(0);
});

test('answers 503 with Retry-After when too many streams are open, until one ends', async () => {
  const api = await bench.start();
  const open = [await bench.follow(api), await bench.follow(api), await bench.follow(api)];
  const refused = await api.call('GET', '/v1/events', { headers: { accept: 'text/event-stream' } });
  expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await api.call('GET', '/v1/events')).status).toBe(200);
  open[0]?.cut();
  const next = await eventually('a free place', async () => {
    const reader = await bench.follow(api);
    return reader.answer.statusCode === 200 && reader;
  });
  await isConnected(next);
  expect(api.log.join('')).not.toContain('an event stream broke');
});

test('keeps a stream open beyond the time limit of other requests', async () => {
  const api = await bench.start();
  const reader = await bench.follow(api);
  await eventually('heartbeats of 6 s', () => reader.comments >= 60);
  await writeEvents(bench.sql, 0, 1);
  await hasSeen(reader, 0);
});
