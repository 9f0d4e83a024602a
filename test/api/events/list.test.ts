import { readFileSync } from 'node:fs';
import { connect, type Sql } from '../../../src/store/db/db.ts';
import { encodeEventCursor } from '../../../src/api/events/event-cursor.ts';
import { eventually } from '../../support/eventually.ts';
import { createDatabase, type TestDatabase } from '../../support/postgres.ts';
import { followEvents } from '../event-reader.ts';
import { numbers, numbersOf, writeEvents } from '../event-writer.ts';
import { deliverOnce, failOnce } from '../ledger-steps.ts';
import { errorsOf, makeDestinations, startTestApi, type Answer, type TestApi } from '../running-api.ts';

let database: TestDatabase;
let api: TestApi;
let sql: Sql;
beforeEach(async () => {
  database = await createDatabase();
  api = await startTestApi(database.url);
  sql = connect(database.url, { name: 'test', max: 4, statementTimeoutMs: 10_000 });
});
afterEach(async () => {
  await Promise.all([api.close(), sql.end()]);
  await database.drop();
});

const get = (query = '', headers = {}): Promise<Answer> => api.call('GET', `/v1/events${query}`, { headers });

/** Waits until that many events can be read. Other transactions of the server hold events back while they run. */
const eventsThere = (query: string, count: number): Promise<Answer> =>
  eventually(`${count} events`, async () => {
    const answer = await get(query);
    return answer.body.data.length >= count && answer;
  });

async function post(destinations: string[], conversation?: string): Promise<Answer['body']> {
  const body = { text: 'hi', destinations, ...(conversation === undefined ? {} : { conversation }) };
  return (await api.call('POST', '/v1/messages', { body })).body;
}

test('lists events from the oldest to the newest, with the message and delivery that each is about', async () => {
  await makeDestinations(api, ['orders']);
  const message = await post(['orders']);
  const [{ id: delivery }] = message.deliveries;
  await failOnce(sql, delivery, 'retrying');
  // removes the platform's Retry-After, which would delay the next claim
  await sql`update deliveries set not_before = null`;
  await deliverOnce(sql, delivery);

  const { body } = await eventsThere('', 4);
  const about = { message: message.id, at: expect.stringMatching(/Z$/), id: expect.any(String) };
  const ofDelivery = { ...about, delivery, destination: 'orders' };
  expect(body.data).toMatchObject([
    { ...about, type: 'carillon.message.accepted', delivery: null, destination: null, data: {} },
    { ...ofDelivery, type: 'carillon.delivery.retrying', data: { attempts: 1, reason: { code: 'http_500' } } },
    { ...ofDelivery, type: 'carillon.delivery.delivered', data: { from: 'sending' } },
    { ...about, type: 'carillon.message.delivered', data: { from: 'delivering' } },
  ]);
});

test("continues a list of events by nextCursor or by the last event's id, even after its end", async () => {
  await writeEvents(sql, 0, 10);
  await eventsThere('', 10);
  const seen: number[] = [];
  let path = '?limit=3';
  for (;;) {
    const { body } = await get(path);
    seen.push(...numbersOf(body.data));
    path = `?limit=3&after=${body.nextCursor}`;
    if (body.data.length === 0) break;
    const [byId, byCursor] = [await get(`?limit=3&after=${body.data.at(-1).id}`), await get(path)];
    expect(byId.body.data).toEqual(byCursor.body.data);
    // The cursor of an empty page depends on the moment, because other tests write to this server meanwhile.
    if (byId.body.data.length > 0) expect(byId.body.nextCursor).toBe(byCursor.body.nextCursor);
  }
  expect(seen).toEqual(numbers(0, 10));
  await writeEvents(sql, 10, 1);
  expect(numbersOf((await eventsThere(path, 1)).body.data)).toEqual([10]);
});

test('gives a cursor for an empty list, and shows the first later event after it', async () => {
  const { body } = await get();
  expect(body).toEqual({ data: [], nextCursor: expect.any(String) });
  await writeEvents(sql, 0, 1);
  await eventsThere(`?after=${body.nextCursor}`, 1);
});

test('filters events by type, prefix of a type, destination, conversation and message', async () => {
  await makeDestinations(api, ['orders', 'alerts']);
  const first = await post(['orders', 'alerts'], 'room');
  const second = await post(['orders']);
  await deliverOnce(sql, first.deliveries[0].id);
  await failOnce(sql, second.deliveries[0].id, 'parked');
  await eventsThere('', 5);

  const types = async (query: string): Promise<string[]> =>
    (await get(query)).body.data.map(({ type }: { type: string }) => type.replace('carillon.', ''));
  expect(await types('')).toHaveLength(5);
  expect(await types('?type=carillon.delivery.parked')).toEqual(['delivery.parked']);
  expect(await types('?type=carillon.delivery.*')).toEqual(['delivery.delivered', 'delivery.parked']);
  expect(await types('?type=carillon.delivery.parked&type=carillon.message.f*')).toEqual([
    'delivery.parked',
    'message.failed',
  ]);
  expect(await types('?type=*')).toHaveLength(5);
  // `_` must match only itself, not any character as in SQL
  expect(await types('?type=carillon.delivery_*')).toEqual([]);
  expect(await types('?destination=orders')).toEqual(['delivery.delivered', 'delivery.parked']);
  expect(await types('?destination=alerts')).toEqual([]);
  expect(await types('?conversation=room')).toEqual(['message.accepted', 'delivery.delivered']);
  expect(await types(`?message=${second.id}`)).toEqual(['message.accepted', 'delivery.parked', 'message.failed']);
  expect(await types(`?message=${second.id}&destination=orders`)).toEqual(['delivery.parked']);
  expect(await types('?message=nonsense')).toEqual([]);
});

test('reaches the end of the events in bounded reads even when the filter matches almost nothing', async () => {
  await writeEvents(sql, 0, 9_000);
  await writeEvents(sql, 9_000, 1, 'carillon.test.rare');
  await writeEvents(sql, 9_001, 9_000);
  let after = '';
  const seen = await eventually('the rare one', async () => {
    const { body } = await get(`?type=carillon.test.rare${after}`);
    after = `&after=${body.nextCursor}`;
    return body.data.length > 0 && numbersOf(body.data);
  });
  expect(seen).toEqual([9_000]);
  expect((await get(`?type=carillon.test.rare${after}`)).body.data).toEqual([]);
});

test('holds back newer events while an older transaction is open, so that no reader skips an event', async () => {
  await sql.begin(async (tx) => {
    await writeEvents(tx, 0, 1);
    await writeEvents(sql, 1, 1);
    expect((await get()).body.data).toEqual([]);
  });
  expect(numbersOf((await eventsThere('', 2)).body.data)).toEqual([0, 1]);
});

test('shows no events of other tenants', async () => {
  await sql`insert into events (tenant, type, data) values ('other', 'carillon.test.made', '{"n": 7}')`;
  await writeEvents(sql, 0, 1);
  expect(numbersOf((await eventsThere('', 1)).body.data)).toEqual([0]);
});

test('answers 410 to an expired cursor, but only when an event after it was removed', async () => {
  await writeEvents(sql, 0, 4);
  const { data } = (await eventsThere('', 4)).body;
  const ids = data.map(({ id }: { id: string }) => id);
  const remove = (n: number) => sql`
    with gone as (delete from events where (data->>'n')::integer <= ${n} returning xid, id)
    insert into events_removed (tenant, xid, id) select 'default', xid, id from gone order by xid desc, id desc limit 1
    on conflict (tenant) do update set xid = excluded.xid, id = excluded.id`;
  await remove(1);

  const gone = await get(`?after=${ids[0]}`);
  expect(gone).toMatchObject({ status: 410, body: { code: 'cursor_expired' } });
  expect(numbersOf((await get(`?after=${ids[1]}`)).body.data)).toEqual([2, 3]);
  expect(numbersOf((await get()).body.data)).toEqual([2, 3]);
  const stream = await followEvents(`${api.url}/v1/events`, { 'last-event-id': ids[0] });
  expect(stream.answer.statusCode).toBe(410);
  expect(stream.answer.headers['content-type']).toContain('application/problem+json');
  await remove(3);
  expect((await get(`?after=${ids[2]}`)).status).toBe(410);
  expect((await get(`?after=${ids[3]}`)).body.data).toEqual([]);
});

test('answers 410 to a cursor from the server that the database was restored from', async () => {
  const [row] = await sql<{ next: string }[]>`select pg_snapshot_xmax(pg_current_snapshot())::text as next`;
  const future = encodeEventCursor({ xid: BigInt(row?.next ?? 0) + 1_000_000n, id: 5 });
  expect(await get(`?after=${future}`)).toMatchObject({ status: 410, body: { code: 'cursor_expired' } });
});

test('shows the events of a dump from another server after the step in docs/events.md', async () => {
  await sql`
    insert into events (xid, tenant, type, data)
    select (4000000000 - n)::text::xid8, 'default', 'carillon.test.made', jsonb_build_object('n', n) from generate_series(0, 1) n`;
  expect((await get()).body.data).toEqual([]);
  const [, step] = /psql .*-c "([^"]+)"/.exec(readFileSync('docs/events.md', 'utf8')) ?? [];
  await sql.unsafe(step ?? '');
  await writeEvents(sql, 2, 1);
  expect(numbersOf((await eventsThere('', 3)).body.data)).toEqual([0, 1, 2]);
});

test('answers 422 to an invalid cursor and names the parameter or header', async () => {
  const made = (text: string): string => Buffer.from(text).toString('base64url');
  const bad = ['', 'x', made('messages:1.2'), made('events:1'), made('events:01.2'), made('events:1.2.3')];
  bad.push(made('events:-1.2'), made(`events:${2n ** 64n}.1`), `${made('events:1.2')}=`, made('events:1.2\n'));
  for (const cursor of bad) {
    const answer = await get(`?after=${encodeURIComponent(cursor)}`);
    expect([cursor, answer.status, errorsOf(answer)]).toEqual([cursor, 422, ['?after invalid_cursor']]);
  }
  const header = await get('', { accept: 'text/event-stream', 'last-event-id': 'x' });
  expect([header.status, errorsOf(header)]).toEqual([422, ['last-event-id invalid_cursor']]);
});

test('answers 422 to unknown or malformed query parameters of the events', async () => {
  const cases = {
    '?cursor=x': '?cursor unknown_field',
    '?limit=0': '?limit invalid_value',
    '?limit=501': '?limit invalid_value',
    '?limit=ten': '?limit wrong_type',
    '?type=': '?type/0 invalid_value',
    '?type=a*b': '?type/0 pattern',
    '?type=%00': '?type nul_character',
  };
  for (const [query, error] of Object.entries(cases)) {
    const answer = await get(query);
    expect([query, answer.status, errorsOf(answer)]).toEqual([query, 422, expect.arrayContaining([error])]);
  }
  const stream = await get('?limit=3', { accept: 'text/event-stream' });
  expect([stream.status, errorsOf(stream)]).toEqual([422, ['?limit invalid_value']]);
});

test('answers 401 to a request for events without a key, whether for a page or a stream', async () => {
  for (const accept of ['application/json', 'text/event-stream'])
    expect((await api.call('GET', '/v1/events', { anonymous: true, headers: { accept } })).status).toBe(401);
});

test('gives a stream only to a GET that asks for it by name, and a page to every other request', async () => {
  const typeOf = async (accept: string): Promise<string | undefined> => {
    const { answer, cut } = await followEvents(`${api.url}/v1/events`, { accept });
    cut();
    return answer.headers['content-type']?.split(';')[0];
  };
  for (const accept of [
    '*/*',
    'application/json',
    'text/*',
    'text/event-stream;q=0',
    'application/json, text/event-stream;q=0.5',
  ])
    expect([accept, await typeOf(accept)]).toEqual([accept, 'application/json']);
  for (const accept of [
    'text/event-stream',
    'Text/Event-Stream; q=0.9, */*;q=0.1',
    'application/json, text/event-stream',
  ])
    expect([accept, await typeOf(accept)]).toEqual([accept, 'text/event-stream']);
  const head = await fetch(`${api.url}/v1/events`, {
    method: 'HEAD',
    headers: { accept: 'text/event-stream', authorization: 'Bearer test-admin-key' },
  });
  expect([head.status, head.headers.get('vary')]).toEqual([200, 'accept']);
});

test('describes both the page and the stream of events in the OpenAPI document', () => {
  const document = JSON.parse(readFileSync('docs/openapi.json', 'utf8'));
  const { parameters, responses } = document.paths['/v1/events'].get;
  expect(Object.keys(responses[200].content)).toEqual(['application/json', 'text/event-stream']);
  expect(parameters.map(({ name }: { name: string }) => name)).toEqual(
    expect.arrayContaining(['type', 'destination', 'conversation', 'message', 'after', 'limit', 'last-event-id']),
  );
  expect(Object.keys(responses)).toEqual(expect.arrayContaining(['401', '410', '422', '503']));
});
