import { eventually } from '../../support/eventually.ts';
import { createDatabase } from '../../support/postgres.ts';
import { asAdministrator, makeKey, makeTenant } from '../key-holder.ts';
import { untilSomebodyWaits } from '../lock-wait.ts';
import { errorsOf, secret, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(undefined, { keyCacheMs: 100 });
});
afterAll(() => api.close());

const connection = { connector: 'webhook', settings: { secrets: [secret] } };
const destination = { connection: 'hooks', address: { url: 'http://127.0.0.1:9/x' } };

test('creates, shows, replaces and deletes a tenant', async () => {
  const body = {
    id: 'shop',
    title: 'The shop',
    retention: { content: '30d', events: '12h' },
    legalHold: true,
    limits: { inFlight: 500 },
    requireIdempotencyKey: true,
  };
  const created = await api.call('POST', '/v1/tenants', { body });
  expect(created).toMatchObject({ status: 201, body });
  expect(created.headers.get('location')).toBe('/v1/tenants/shop');
  expect((await api.call('GET', '/v1/tenants/shop')).body).toEqual(created.body);
  expect(await api.call('POST', '/v1/tenants', { body })).toMatchObject({
    status: 409,
    body: { code: 'already_exists', id: 'shop' },
  });
  // Input may contain everything that an answer has.
  expect((await api.call('PUT', '/v1/tenants/shop', { body: created.body })).status).toBe(200);
  const replaced = await api.call('PUT', '/v1/tenants/shop', { body: {} });
  expect(replaced).toMatchObject({
    status: 200,
    body: { id: 'shop', title: '', retention: {}, legalHold: false, limits: {}, requireIdempotencyKey: false },
  });
  expect((await api.call('DELETE', '/v1/tenants/shop')).status).toBe(204);
  expect((await api.call('GET', '/v1/tenants/shop')).status).toBe(404);
  expect((await api.call('DELETE', '/v1/tenants/shop')).status).toBe(404);
});

test('lets the default tenant be changed and refuses to delete it', async () => {
  expect(await api.call('PUT', '/v1/tenants/default', { body: { title: 'Ours' } })).toMatchObject({ status: 200 });
  expect(await api.call('DELETE', '/v1/tenants/default')).toMatchObject({ status: 409, body: { code: 'in_use' } });
});

test.each([
  [{}, ['/id required']],
  [{ id: 'Shop' }, ['/id pattern']],
  [{ id: 'x', retention: { content: '30' } }, ['/retention/content pattern']],
  [{ id: 'x', retention: { contents: '30d' } }, ['/retention/contents unknown_field']],
  [
    { id: 'x', limits: { inFlight: 0, acceptPerSecond: 1.5 } },
    ['/limits/acceptPerSecond wrong_type', '/limits/inFlight invalid_value'],
  ],
  [{ id: 'x', limits: { inflight: 5 } }, ['/limits/inflight unknown_field']],
  [{ id: 'x', legalHold: 'yes' }, ['/legalHold wrong_type']],
])('answers 422 to the tenant %j', async (body, errors) => {
  const answer = await api.call('POST', '/v1/tenants', { body });
  expect(answer.status).toBe(422);
  expect(errorsOf(answer)).toEqual(errors);
});

test('lists tenants by id, in pages', async () => {
  for (const id of ['p-1', 'p-2', 'p-3']) await makeTenant(api, id);
  const ids: string[] = [];
  for (let cursor = ''; ;) {
    const { data, nextCursor } = (await api.call('GET', `/v1/tenants?limit=2${cursor}`)).body;
    ids.push(...data.map(({ id }: { id: string }) => id));
    if (nextCursor === null) break;
    cursor = `&cursor=${nextCursor}`;
  }
  expect(ids).toEqual([...ids].sort());
  expect(ids).toEqual(expect.arrayContaining(['default', 'p-1', 'p-2', 'p-3']));
});

test('refuses to delete a tenant with configuration or messages, and deletes its keys with it', async () => {
  await makeTenant(api, 'used');
  const call = asAdministrator(api, 'used');
  const { call: byKey } = await makeKey(api, ['messages:read'], 'used');
  await call('PUT', '/v1/connections/hooks', { body: connection });
  const remove = () => api.call('DELETE', '/v1/tenants/used');
  expect(await remove()).toMatchObject({ status: 409, body: { code: 'in_use', id: 'used' } });
  await call('DELETE', '/v1/connections/hooks');
  const { id } = (await call('POST', '/v1/messages', { body: { text: 'hi' } })).body;
  expect(await remove()).toMatchObject({ status: 409, body: { code: 'in_use' } });
  expect((await byKey('GET', `/v1/messages/${id}`)).status).toBe(200);
  await api.sql`delete from contents where message = ${id}`;
  await api.sql`delete from messages where id = ${id}`;
  expect((await remove()).status).toBe(204);
  await eventually('its key is refused', async () => (await byKey('GET', '/v1/messages')).status === 401);
  await eventually('it is not there', async () => (await call('GET', '/v1/messages')).status === 404);
});

test('refuses a connection that is created while its tenant is being deleted', async () => {
  await makeTenant(api, 'racing');
  const call = asAdministrator(api, 'racing');
  expect((await call('GET', '/v1/connections')).status).toBe(200);
  const put = await api.sql.begin(async (tx) => {
    await tx`delete from tenants where id = 'racing'`;
    const answer = call('PUT', '/v1/connections/hooks', { body: connection });
    await untilSomebodyWaits(api);
    return { answer };
  });
  expect(await put.answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect(await api.sql`select from connections where tenant = 'racing'`).toHaveLength(0);
});

test('accepts no message for a deleted tenant, even in a process that has the tenant in its cache', async () => {
  const database = await createDatabase();
  const [here, there] = [
    await startTestApi(database.url),
    await startTestApi(database.url, { keyCacheMs: 60_000 }),
  ] as const;
  await makeTenant(here, 'gone');
  const { call } = await makeKey(there, ['messages:write'], 'gone');
  const post = (destinations?: string[]) => call('POST', '/v1/messages', { body: { text: 'hi', destinations } });
  expect((await post(['orders'])).status).toBe(422);
  expect((await here.call('DELETE', '/v1/tenants/gone')).status).toBe(204);
  expect(await post()).toMatchObject({ status: 404, body: { detail: 'There is no such tenant.' } });
  expect(await here.sql`select from messages`).toHaveLength(0);
  await Promise.all([here.close(), there.close()]);
  await database.drop();
});

test('starts empty when a tenant is created again, whatever a process has in its cache of the first one', async () => {
  const post = (call: ReturnType<typeof asAdministrator>) =>
    call('POST', '/v1/messages', { body: { text: 'hi', destinations: ['orders'] } });
  await makeTenant(api, 'again');
  const call = asAdministrator(api, 'again');
  await call('PUT', '/v1/connections/hooks', { body: connection });
  await call('PUT', '/v1/destinations/orders', { body: destination });
  // The message is refused after it was planned, so the plan is in memory and no message prevents the deletes below.
  await api.sql`alter table messages add constraint none check (tenant <> 'again')`;
  expect((await post(call)).status).toBe(500);
  await api.sql`alter table messages drop constraint none`;
  await call('DELETE', '/v1/destinations/orders');
  await call('DELETE', '/v1/connections/hooks');
  expect((await api.call('DELETE', '/v1/tenants/again')).status).toBe(204);
  await makeTenant(api, 'again');
  // Makes as many changes as the first tenant had when its plan was made.
  for (const id of ['a', 'b']) await call('PUT', `/v1/connections/${id}`, { body: connection });
  expect(await post(call)).toMatchObject({ status: 422, body: { code: 'unknown_destination' } });
});

describe('a tenant that requires an idempotency key', () => {
  let call: ReturnType<typeof asAdministrator>;
  const require = (requireIdempotencyKey: boolean) => makeTenant(api, 'strict', { requireIdempotencyKey });
  beforeAll(async () => {
    await require(true);
    call = asAdministrator(api, 'strict');
  });

  test('refuses a message without a key, and says that the key is required', async () => {
    const answer = await call('POST', '/v1/messages', { body: { text: 'hi' } });
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid' } });
    expect(errorsOf(answer)).toEqual(['Idempotency-Key required']);
    expect(answer.body.detail).toContain('Idempotency-Key is required');
    expect(await api.sql`select from messages where tenant = 'strict'`).toHaveLength(0);
  });

  test('accepts the key from the header, from the body, and from a CloudEvent', async () => {
    const posts = [
      call('POST', '/v1/messages', { body: { text: 'hi' }, headers: { 'idempotency-key': 'k1' } }),
      call('POST', '/v1/messages', { body: { text: 'hi', id: 'k2' } }),
      call('POST', '/v1/messages', {
        body: { specversion: '1.0', id: '1', source: 's', type: 't', data: 'hi' },
        headers: { 'content-type': 'application/cloudevents+json' },
      }),
    ];
    for (const { status } of await Promise.all(posts)) expect(status).toBe(202);
  });

  test('refuses an edit without a key, and accepts a delete, which can happen only once', async () => {
    const { id } = (await call('POST', '/v1/messages', { body: { text: 'hi', id: 'edited' } })).body;
    const path = `/v1/messages/${id}`;
    const edit = (headers = {}) => call('PATCH', path, { body: { text: 'ho' }, headers });
    const answer = await edit();
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid' } });
    expect(errorsOf(answer)).toEqual(['Idempotency-Key required']);
    expect((await call('GET', path)).body).toMatchObject({ version: 1, content: { text: 'hi' } });
    expect((await edit({ 'idempotency-key': 'e1' })).status).toBe(202);
    expect((await edit({ 'idempotency-key': 'e1' })).body).toMatchObject({ duplicate: true });
    expect((await call('DELETE', path)).status).toBe(202);
    expect((await call('DELETE', path)).body).toMatchObject({ duplicate: true });
  });

  test('starts and stops requiring the key with the next message, also in other processes', async () => {
    const database = await createDatabase();
    const apis = [await startTestApi(database.url), await startTestApi(database.url)] as const;
    const post = (index: 0 | 1) => apis[index].call('POST', '/v1/messages', { body: { text: 'hi' } });
    const set = (index: 0 | 1, requireIdempotencyKey: boolean) =>
      apis[index].call('PUT', '/v1/tenants/default', { body: { requireIdempotencyKey } });
    expect([(await post(0)).status, (await post(1)).status]).toEqual([202, 202]);
    await set(0, true);
    expect([(await post(0)).status, (await post(1)).status]).toEqual([422, 422]);
    await set(1, false);
    expect([(await post(0)).status, (await post(1)).status]).toEqual([202, 202]);
    await Promise.all(apis.map((one) => one.close()));
    await database.drop();
  });
});

test('creates the configuration version of a tenant together with the tenant', async () => {
  await makeTenant(api, 'new');
  expect(await api.sql`select version from config_versions where tenant = 'new'`).toEqual([{ version: 1 }]);
});
