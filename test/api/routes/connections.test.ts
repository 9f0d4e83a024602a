import { connectionSecrets } from '../../../src/store/config/connections.ts';
import { untilSomebodyWaits } from '../lock-wait.ts';
import { errorsOf, secret, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.sql`truncate deliveries, destinations, connections cascade`;
});

const hooks = { id: 'hooks', connector: 'webhook', settings: { secrets: [secret], dedupeWindow: '24h' } };
const acme = {
  id: 'acme-slack',
  connector: 'slack',
  settings: {
    botToken: 'xoxb-12345678-abc',
    signingSecrets: ['shhh-12345678'],
    baseUrl: 'http://127.0.0.1:8090/slack/api/',
  },
};
const stored = (id: string) => connectionSecrets(api.sql, api.ring, 'default', id);
const post = (body: unknown) => api.call('POST', '/v1/connections', { body });
const put = (id: string, body: unknown) => api.call('PUT', `/v1/connections/${id}`, { body });

test('creates a connection and lists the names of its secrets without ever showing them', async () => {
  const answer = await post(acme);
  expect(answer).toMatchObject({
    status: 201,
    body: { id: 'acme-slack', connector: 'slack', settings: { baseUrl: 'http://127.0.0.1:8090/slack/api/' } },
  });
  expect(answer.headers.get('location')).toBe('/v1/connections/acme-slack');
  expect(new Set(answer.body.secretsSet)).toEqual(new Set(['botToken', 'signingSecrets']));
  expect(await stored('acme-slack')).toEqual({ botToken: 'xoxb-12345678-abc', signingSecrets: ['shhh-12345678'] });
  const shown = JSON.stringify([
    answer.body,
    (await api.call('GET', '/v1/connections/acme-slack')).body,
    (await api.call('GET', '/v1/connections')).body,
  ]);
  expect(shown).not.toMatch(/xoxb-|shhh/);
  expect(api.log.join('')).not.toMatch(/xoxb-|shhh/);
  const [row] = await api.sql`select settings::text || encode(secrets, 'escape') as raw from connections`;
  expect(row?.['raw']).not.toMatch(/xoxb-|shhh/);
});

test('makes an id for a connection that has none', async () => {
  const { body } = await post({ connector: 'webhook', settings: { secrets: [secret] } });
  expect(body.id).toMatch(/^conn_[0-9a-hjkmnp-tv-z]{26}$/);
  expect((await api.call('GET', `/v1/connections/${body.id}`)).status).toBe(200);
});

test('answers 409 when the id of a connection is taken, and keeps the first connection', async () => {
  await post(hooks);
  expect(await post({ ...acme, id: 'hooks' })).toMatchObject({
    status: 409,
    body: { code: 'already_exists', id: 'hooks' },
  });
  expect((await api.call('GET', '/v1/connections/hooks')).body.connector).toBe('webhook');
});

test('creates a connection with the first PUT and replaces it with the second', async () => {
  expect((await put('acme-slack', acme)).status).toBe(201);
  const settings = { botToken: 'xoxb-2', baseUrl: 'http://127.0.0.1:1/' };
  expect(await put('acme-slack', { connector: 'slack', settings })).toMatchObject({
    status: 200,
    body: { settings: { baseUrl: 'http://127.0.0.1:1/' } },
  });
});

test('resets settings that a PUT leaves out, but keeps the stored secrets', async () => {
  await post(acme);
  const { body } = await put('acme-slack', { connector: 'slack' });
  expect(body.settings).toEqual({});
  expect(await stored('acme-slack')).toEqual({ botToken: 'xoxb-12345678-abc', signingSecrets: ['shhh-12345678'] });
});

test('replaces a stored secret with the one in a PUT, and removes it with an empty list', async () => {
  await post(acme);
  const { body } = await put('acme-slack', {
    connector: 'slack',
    settings: { botToken: 'xoxb-new', signingSecrets: [] },
  });
  expect(body.secretsSet).toEqual(['botToken']);
  expect(await stored('acme-slack')).toEqual({ botToken: 'xoxb-new', signingSecrets: [] });
});

test('changes nothing when a connection is sent back as it was read', async () => {
  await post(acme);
  const read = (await api.call('GET', '/v1/connections/acme-slack')).body;
  const { status, body } = await put('acme-slack', read);
  expect(status).toBe(200);
  expect({ ...body, updatedAt: read.updatedAt }).toEqual(read);
  expect(await stored('acme-slack')).toEqual({ botToken: 'xoxb-12345678-abc', signingSecrets: ['shhh-12345678'] });
});

test.each([
  [{ ...hooks, settings: {} }, 'invalid', ['/settings/secrets required']],
  [{ ...hooks, settings: undefined }, 'invalid', ['/settings/secrets required']],
  [{ ...hooks, settings: { secrets: ['short'] } }, 'invalid', ['/settings/secrets pattern']],
  [{ ...hooks, settings: { secrets: [secret], secret: 'x' } }, 'invalid', ['/settings/secret unknown_field']],
  [{ ...acme, settings: { botToken: 'xoxb-1', baseUrl: 'ftp://x' } }, 'invalid', ['/settings/baseUrl invalid_url']],
  [{ ...hooks, settings: [] }, 'invalid', ['/settings wrong_type']],
  [{ ...hooks, connector: 'fax' }, 'unknown_connector', ['/connector unknown_connector']],
  [{ ...hooks, connector: undefined }, 'invalid', ['/connector required']],
  [{ ...hooks, id: 'Hooks' }, 'invalid', ['/id pattern']],
  [{ ...hooks, id: 'a'.repeat(65) }, 'invalid', ['/id pattern']],
  [{ ...hooks, name: 'x' }, 'invalid', ['/name unknown_field']],
])('answers 422 to the connection %j with the code %s and the paths %j', async (body, code, errors) => {
  const answer = await post(body);
  expect(answer).toMatchObject({ status: 422, body: { code } });
  expect(errorsOf(answer)).toEqual(errors);
});

test('lists the available connectors in the error for an unknown one', async () => {
  const { body } = await post({ ...hooks, connector: 'fax' });
  expect(body.errors[0].message).toMatch(/webhook.*slack/);
});

test('does not repeat an invalid secret in the error', async () => {
  const answer = await post({ ...hooks, settings: { secrets: ['my-wrong-secret'] } });
  expect(JSON.stringify(answer.body)).not.toContain('my-wrong-secret');
});

test('refuses a PUT of a connection whose body has another id than the path', async () => {
  expect(errorsOf(await put('hooks', { ...hooks, id: 'other' }))).toEqual(['/id invalid_value']);
  expect((await put('hooks', hooks)).status).toBe(201);
  expect((await put('NOT-AN-ID', hooks)).status).toBe(404);
});

test('refuses to change the connector of a connection', async () => {
  await post(hooks);
  expect(errorsOf(await put('hooks', { connector: 'slack', settings: acme.settings }))).toEqual([
    '/connector invalid_value',
  ]);
});

test('deletes a connection only when no destination uses it', async () => {
  await post(hooks);
  await api.call('PUT', '/v1/destinations/orders', {
    body: { connection: 'hooks', address: { url: 'http://127.0.0.1:9/' } },
  });
  expect(await api.call('DELETE', '/v1/connections/hooks')).toMatchObject({ status: 409, body: { code: 'in_use' } });
  expect((await api.call('DELETE', '/v1/destinations/orders')).status).toBe(204);
  expect(await api.call('DELETE', '/v1/connections/hooks')).toMatchObject({ status: 204, body: undefined });
  expect((await api.call('GET', '/v1/connections/hooks')).status).toBe(404);
  expect((await api.call('DELETE', '/v1/connections/hooks')).status).toBe(404);
});

test('refuses to delete a connection while a destination for it is being created', async () => {
  await post(hooks);
  let deleted: Promise<{ status: number }> | undefined;
  await api.sql.begin(async (tx) => {
    await tx`
      insert into destinations (tenant, id, connection, address, order_by, ambiguous, timeout_ms)
      values ('default', 'quick-one', 'hooks', '{"url": "http://127.0.0.1:9/"}', 'none', 'at-least-once', 1000)`;
    deleted = api.call('DELETE', '/v1/connections/hooks');
    await untilSomebodyWaits(api);
  });
  expect((await deleted)?.status).toBe(409);
  expect((await api.call('GET', '/v1/connections/hooks')).status).toBe(200);
});

test('lists connections by id, in pages', async () => {
  for (const id of ['c', 'a', 'b']) await post({ ...hooks, id });
  const first = (await api.call('GET', '/v1/connections?limit=2')).body;
  const second = (await api.call('GET', `/v1/connections?limit=2&cursor=${first.nextCursor}`)).body;
  const ids = [first, second].map(({ data }) => data.map(({ id }: { id: string }) => id));
  expect([...ids, second.nextCursor]).toEqual([['a', 'b'], ['c'], null]);
  expect(second.data[0].secretsSet).toEqual(['secrets']);
});

test('stores, shows and checks the rate limit of a connection', async () => {
  const body = { connector: 'webhook', settings: { secrets: [`whsec_${Buffer.alloc(24, 1).toString('base64')}`] } };
  const put = (rate: object) => api.call('PUT', '/v1/connections/limited', { body: { ...body, rate } });
  expect((await put({ limit: 5, per: '2d' })).body.errors).toMatchObject([{ path: '/rate/per' }]);
  expect((await put({ limit: 5, per: '1s' })).body.rate).toEqual({ limit: 5, per: '1s', burst: 1 });
  expect((await api.call('PUT', '/v1/connections/limited', { body })).body.rate).toBeUndefined();
});
