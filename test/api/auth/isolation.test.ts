import { stepDeliveries } from '../../../src/store/jobs/job-deliveries.ts';
import { pickMessages } from '../../../src/store/jobs/job-messages.ts';
import { findJob } from '../../../src/store/jobs/jobs.ts';
import { eventually } from '../../support/eventually.ts';
import { fillTenant, type Side } from '../filled-tenant.ts';
import { secret, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
let [mine, theirs]: Side[] = [];
let document: { paths: Record<string, Record<string, { requestBody?: unknown; security?: unknown }>> };

beforeAll(async () => {
  api = await startTestApi();
  [mine, theirs] = [await fillTenant(api, 'acme'), await fillTenant(api, 'umbrella')];
  document = (await api.call('GET', '/openapi.json')).body;
});
afterAll(() => api.close());

/** Only the administrator may call these routes, and they show all tenants. */
const ofAll = ['/v1/tenants', '/v1/housekeeping', '/v1/gaps'];

const operations = (isOfOne: boolean) =>
  Object.entries(document.paths)
    .filter(([path]) => path.startsWith('/v1/') && path.includes('{id}') === isOfOne)
    .flatMap(([path, item]) => Object.keys(item).map((method) => ({ method: method.toUpperCase(), path })));

function idFor(side: Side, path: string): string {
  const id = side.ids[path.split('/')[2] ?? ''];
  if (id === undefined) throw new Error(`${path} is new: say here what its id is of`);
  return id;
}

/** Everything that a tenant can read. Two of these are compared to tell whether anything changed. */
async function everythingOf({ holder, ids }: Side): Promise<unknown> {
  // Events can be read only after all older transactions of the server have ended, even those of other tests.
  await eventually('all of its events can be read', async () => {
    const [row] = await api.sql`select count(*) from events where tenant = ${ids['tenants'] ?? ''}`;
    return (await holder.call('GET', '/v1/events?limit=500')).body.data.length === row?.['count'];
  });
  const paths = Object.keys(document.paths).filter((path) => path.startsWith('/v1/') && !ofAll.includes(path));
  const seen = paths
    .filter((path) => document.paths[path]?.['get'] !== undefined)
    .map(async (path) => {
      const { status, body } = await holder.call('GET', path.replace('{id}', ids[path.split('/')[2] ?? ''] ?? ''));
      // Ages, times of use and the position in the events change without any request.
      const moving = /^(oldestAgeSeconds|lastUsedAt|nextCursor)$/;
      const still = JSON.stringify(body, (key, value) => (moving.test(key) ? null : value));
      return [path, status, JSON.parse(still)];
    });
  return Promise.all(seen);
}

const put = {
  connections: { connector: 'webhook', settings: { secrets: [secret] } },
  destinations: { connection: 'hooks', address: { url: 'http://127.0.0.1:9/mine' } },
  bridges: { members: ['room-one', 'room-two'] },
};

test('answers 404 on every route with an id of another tenant, and changes nothing there', async () => {
  const before = await everythingOf(theirs as Side);
  const refused = operations(true).filter(({ method, path }) => method !== 'PUT' && path !== '/v1/tenants/{id}');
  expect(refused.length).toBeGreaterThan(12);
  for (const { method, path } of refused) {
    const body = method === 'PATCH' ? { body: { text: 'mine now' } } : {};
    const { status } = (await mine?.holder.call(method, path.replace('{id}', idFor(theirs as Side, path)), body)) ?? {};
    expect([method, path, status]).toEqual([method, path, 404]);
  }
  expect(await everythingOf(theirs as Side)).toEqual(before);
});

test("creates the caller's own object with PUT when another tenant uses the same id", async () => {
  const before = await everythingOf(theirs as Side);
  for (const [kind, body] of Object.entries(put)) {
    const path = `/v1/${kind}/${theirs?.ids[kind]}`;
    expect(await mine?.holder.call('PUT', path, { body })).toMatchObject({ status: 201 });
    expect(await everythingOf(theirs as Side)).toEqual(before);
    expect((await mine?.holder.call('DELETE', path))?.status).toBe(204);
  }
  expect(await everythingOf(theirs as Side)).toEqual(before);
});

test('covers every route without an id that changes something in the tests of isolation', () => {
  const changing = operations(false).filter(({ method }) => method !== 'GET');
  expect(changing.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
    'POST /v1/bridges',
    'POST /v1/connections',
    'POST /v1/deliveries/cancel',
    'POST /v1/deliveries/retry',
    'POST /v1/destinations',
    'POST /v1/keys',
    'POST /v1/messages',
    'POST /v1/messages/replay',
    'POST /v1/tenants',
  ]);
});

test('lets only the administrator manage tenants, and lets a key read its own tenant', async () => {
  expect((await mine?.holder.call('GET', '/v1/tenants/acme'))?.body).toMatchObject({ id: 'acme' });
  expect((await mine?.holder.call('GET', '/v1/tenants/umbrella'))?.status).toBe(404);
  expect((await mine?.holder.call('POST', '/v1/tenants', { body: { id: 'x' } }))?.status).toBe(403);
  for (const method of ['PUT', 'DELETE'])
    for (const id of ['acme', 'umbrella'])
      expect((await mine?.holder.call(method, `/v1/tenants/${id}`))?.status).toBe(403);
});

test("creates the caller's own object with POST when another tenant uses the same id", async () => {
  const before = await everythingOf(theirs as Side);
  for (const [kind, body] of Object.entries(put)) {
    const id = theirs?.ids[kind];
    expect(await mine?.holder.call('POST', `/v1/${kind}`, { body: { ...body, id } })).toMatchObject({ status: 201 });
    expect((await mine?.holder.call('DELETE', `/v1/${kind}/${id}`))?.status).toBe(204);
  }
  const { body } = (await mine?.holder.call('POST', '/v1/keys', { body: { name: 'n', scopes: ['admin'] } })) ?? {};
  expect(body.tenant).toBe('acme');
  expect(await everythingOf(theirs as Side)).toEqual(before);
});

test('shows nothing of another tenant in any list', async () => {
  const lists = operations(false).filter(({ method, path }) => method === 'GET' && !ofAll.includes(path));
  expect(lists.length).toBeGreaterThan(5);
  for (const { path } of lists) {
    const { status, body } = (await mine?.holder.call('GET', path)) ?? {};
    expect([path, status]).toEqual([path, 200]);
    expect([path, body.data.length > 0]).toEqual([path, true]);
    const text = JSON.stringify(body);
    for (const id of [...Object.values(theirs?.ids ?? {}), 'umbrella']) expect(text).not.toContain(id);
  }
});

test.each([
  (ids: Record<string, string>) => `/v1/deliveries?message=${ids['messages']}`,
  (ids: Record<string, string>) => `/v1/events?message=${ids['messages']}`,
  (ids: Record<string, string>) => `/v1/messages?destination=${ids['destinations']}`,
])('finds nothing with a filter for an id of another tenant', async (path) => {
  expect((await mine?.holder.call('GET', path(theirs?.ids ?? {})))?.body.data).toEqual([]);
});

test("shows only the caller's own items for a cursor from another tenant's list", async () => {
  const { nextCursor } = (await theirs?.holder.call('GET', '/v1/connections?limit=1'))?.body ?? {};
  const { data } = (await mine?.holder.call('GET', `/v1/connections?cursor=${nextCursor}`))?.body ?? {};
  for (const { id } of data) expect(id).not.toContain('umbrella');
});

test('keeps equal idempotency keys, conversations and destination ids of two tenants apart', async () => {
  const body = { text: 'another', id: 'key-2', conversation: 'd', destinations: ['orders'] };
  const [a, b] = [
    await mine?.holder.call('POST', '/v1/messages', { body }),
    await theirs?.holder.call('POST', '/v1/messages', { body: { ...body, text: 'other' } }),
  ];
  expect([a?.status, a?.body.duplicate, b?.status, b?.body.duplicate]).toEqual([202, false, 202, false]);
  const shown = async (side: Side | undefined, id: string) =>
    (await side?.holder.call('GET', `/v1/messages/${id}`))?.body;
  expect(await shown(mine, a?.body.id)).toMatchObject({ tenant: 'acme', sequence: 1, content: { text: 'another' } });
  const other = await shown(theirs, b?.body.id);
  expect(other).toMatchObject({ tenant: 'umbrella', sequence: 1, content: { text: 'other' } });
  expect(other.workflowId).toMatch(/^umbrella:[0-9a-f]{64}$/);
  expect((await theirs?.holder.call('POST', '/v1/messages', { body: { ...body, text: 'other' } }))?.body).toMatchObject(
    {
      id: b?.body.id,
      duplicate: true,
    },
  );
});

test("replays only the caller's own messages in bulk, and to none of another tenant's destinations", async () => {
  const body = { filter: { conversation: 'c' }, destinations: ['orders-umbrella'] };
  expect(await mine?.holder.call('POST', '/v1/messages/replay', { body })).toMatchObject({ status: 422 });
  const asked = await mine?.holder.call('POST', '/v1/messages/replay', { body: { all: true } });
  const job = await findJob(api.sql, 'acme', asked?.body.id);
  if (job === undefined) throw new Error('it is gone');
  const { messages } = await pickMessages(api.sql, job);
  expect(messages).toContain(mine?.ids['messages']);
  expect(messages).not.toContain(theirs?.ids['messages']);
});

test('plans a message with the destinations of its own tenant only', async () => {
  const to = (side: Side | undefined, destination: string) =>
    side?.holder.call('POST', '/v1/messages', { body: { text: 'hi', destinations: [destination] } });
  expect((await to(mine, 'orders-acme'))?.status).toBe(202);
  expect(await to(mine, 'orders-umbrella')).toMatchObject({ status: 422, body: { code: 'unknown_destination' } });
  expect((await to(theirs, 'orders-umbrella'))?.status).toBe(202);
});

test("refuses a destination that uses another tenant's connection", async () => {
  const answer = await mine?.holder.call('PUT', '/v1/destinations/x', {
    body: { connection: 'hooks-umbrella', address: { url: 'http://127.0.0.1:9/' } },
  });
  expect(answer).toMatchObject({ status: 422, body: { code: 'unknown_connection' } });
});

test('tells Temporal which key asked for a retry', async () => {
  const id = mine?.ids['deliveries'] ?? '';
  expect((await mine?.holder.call('POST', `/v1/deliveries/${id}/retry`))?.status).toBe(202);
  await eventually('it is asked of Temporal', () => api.runs.commands.length > 0);
  expect(api.runs.commands).toEqual([{ kind: 'retry', deliveries: [id], by: mine?.holder.id }]);
});

test("changes only the caller's own deliveries in bulk, whatever the filter says", async () => {
  const before = await everythingOf(theirs as Side);
  for (const body of [{ filter: { message: theirs?.ids['messages'] } }, { all: true }]) {
    const { id } = (await mine?.holder.call('POST', '/v1/deliveries/cancel', { body }))?.body ?? {};
    const job = await findJob(api.sql, 'acme', id);
    if (job === undefined) throw new Error('it is gone');
    const touched = (await stepDeliveries(api.sql, job)).commanded.map((one) => one.id);
    expect(touched).not.toContain(theirs?.ids['deliveries']);
    expect(touched.includes(mine?.ids['deliveries'] ?? '')).toBe('all' in body);
  }
  expect(await everythingOf(theirs as Side)).toEqual(before);
});
