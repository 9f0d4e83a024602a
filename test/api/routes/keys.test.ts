import { createHash } from 'node:crypto';
import { noteKeyUse } from '../../../src/store/config/api-keys.ts';
import { eventually } from '../../support/eventually.ts';
import { asAdministrator, makeKey, makeTenant, withKey } from '../key-holder.ts';
import { adminKey, errorsOf, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(undefined, { keyCacheMs: 100 });
  await makeTenant(api, 'acme');
});
afterAll(() => api.close());

const create = (body: unknown) => api.call('POST', '/v1/keys', { body });

test('shows a new key once, accepts it at once, and stores only its hash', async () => {
  const { status, headers, body } = await create({ name: 'shop', scopes: ['messages:read'] });
  expect(status).toBe(201);
  expect(headers.get('location')).toBe(`/v1/keys/${body.id}`);
  expect(headers.get('cache-control')).toBe('no-store');
  const { key, ...shown } = body;
  expect(key).toMatch(/^ck_[0-9A-Za-z]{43}$/);
  expect(shown).toEqual({
    id: expect.stringMatching(/^key_/),
    tenant: 'default',
    name: 'shop',
    scopes: ['messages:read'],
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    createdAt: expect.any(String),
  });
  expect((await withKey(api, key)('GET', '/v1/messages')).status).toBe(200);
  expect((await api.call('GET', `/v1/keys/${body.id}`)).body).toMatchObject({ id: body.id, name: 'shop' });

  const [row] =
    await api.sql`select id, tenant, name, hash, to_jsonb(api_keys)::text as text from api_keys where id = ${body.id}`;
  expect(row?.['hash']).toEqual(createHash('sha256').update(key).digest());
  const everything = [row?.['text'], ...api.log, JSON.stringify((await api.call('GET', '/v1/keys')).body)];
  expect(everything.join('\n')).not.toContain(key.slice(3));
});

test('makes a different key each time', async () => {
  const keys = await Promise.all(Array.from({ length: 20 }, () => makeKey(api, ['messages:read'])));
  expect(new Set(keys.map(({ key }) => key)).size).toBe(20);
});

test.each([
  [{}, ['/name required', '/scopes required']],
  [{ name: '', scopes: [] }, ['/name invalid_value', '/scopes invalid_value']],
  [{ name: 'n', scopes: ['messages:read', 'root'] }, ['/scopes/1 invalid_value']],
  [{ name: 'n', scopes: ['admin', 'admin'] }, ['/scopes invalid_value']],
  [{ name: 'n', scopes: ['admin'], expiresAt: 'soon' }, ['/expiresAt invalid_value']],
  [{ name: 'n', scopes: ['admin'], expiresAt: '2020-01-01T00:00:00Z' }, ['/expiresAt invalid_value']],
  [{ name: 'n', scopes: ['admin'], tenant: 'acme' }, ['/tenant unknown_field']],
])('answers 422 to a new key with %j', async (body, errors) => {
  const answer = await create(body);
  expect(answer.status).toBe(422);
  expect(errorsOf(answer)).toEqual(errors);
});

test('lists keys from the newest to the oldest, in pages', async () => {
  await makeTenant(api, 'pages');
  const made = [];
  for (let count = 0; count < 3; count += 1) made.unshift((await makeKey(api, ['messages:read'], 'pages')).id);
  const call = asAdministrator(api, 'pages');
  const first = (await call('GET', '/v1/keys?limit=2')).body;
  const second = (await call('GET', `/v1/keys?limit=2&cursor=${first.nextCursor}`)).body;
  expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(made);
  expect(second.nextCursor).toBeNull();
});

test('refuses a revoked key soon, keeps it in the list, and accepts a second revocation', async () => {
  const { id, call } = await makeKey(api, ['messages:read']);
  expect((await call('GET', '/v1/messages')).status).toBe(200);
  expect((await api.call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
  await eventually('it is refused', async () => (await call('GET', '/v1/messages')).status === 401);
  const answer = await call('GET', '/v1/messages');
  expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
  expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  const { revokedAt } = (await api.call('GET', `/v1/keys/${id}`)).body;
  expect(revokedAt).toEqual(expect.any(String));
  expect((await api.call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
  expect((await api.call('GET', `/v1/keys/${id}`)).body.revokedAt).toBe(revokedAt);
});

test('records when a key was last used, at most once a minute', async () => {
  const { id, call } = await makeKey(api, ['messages:read']);
  const lastUse = async (): Promise<string | null> => (await api.call('GET', `/v1/keys/${id}`)).body.lastUsedAt;
  const use = () => call('GET', '/v1/messages');
  expect(await lastUse()).toBeNull();
  await use();
  const first = await eventually('its use is noted', async () => (await lastUse()) ?? undefined);
  await noteKeyUse(api.sql, id);
  expect(await lastUse()).toBe(first);
  await api.sql`update api_keys set last_used_at = last_used_at - interval '61 seconds' where id = ${id}`;
  await eventually('its use is noted again', async () => {
    await use();
    return ((await lastUse()) ?? '') >= first;
  });
});

test('lets a key with the scope admin create and revoke keys of its own tenant only', async () => {
  const { call } = await makeKey(api, ['admin'], 'acme');
  const { body } = await call('POST', '/v1/keys', { body: { name: 'n', scopes: ['messages:write'] } });
  expect(body).toMatchObject({ tenant: 'acme', scopes: ['messages:write'] });
  expect((await withKey(api, body.key)('POST', '/v1/messages', { body: { text: 'hi' } })).status).toBe(202);
  expect((await call('DELETE', `/v1/keys/${body.id}`)).status).toBe(204);
  const other = await makeKey(api, ['messages:read']);
  for (const method of ['GET', 'DELETE']) expect((await call(method, `/v1/keys/${other.id}`)).status).toBe(404);
  expect((await other.call('GET', '/v1/messages')).status).toBe(200);
});

test('logs the id of the key that made a request', async () => {
  const { id, call } = await makeKey(api, ['admin'], 'acme');
  await call('GET', '/v1/messages');
  await eventually('it is in the log', () => api.log.join('').includes(`"by":"${id}"`));
});

test('accepts a key together with the name of its own tenant, and refuses it with another tenant', async () => {
  const { call } = await makeKey(api, ['messages:read'], 'acme');
  const naming = (tenant: string) => call('GET', '/v1/messages', { headers: { 'carillon-tenant': tenant } });
  expect((await naming('acme')).status).toBe(200);
  for (const tenant of ['default', 'nobody', ''])
    expect(await naming(tenant)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
});

test.each(['nobody', 'NOT-AN-ID', '', 'acme, acme'])(
  'answers 404 to the administrator for the unknown tenant "%s"',
  async (tenant) => {
    const answer = await asAdministrator(api, tenant)('GET', '/v1/messages');
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found', detail: 'There is no such tenant.' } });
  },
);

test.each([`ck_${'a'.repeat(43)}`, `ck_${'a'.repeat(42)}`, `ck_${adminKey}`, 'ck_', `ck_${'-'.repeat(43)}`])(
  'answers 401 to the invalid key %s',
  async (key) => {
    expect(await withKey(api, key)('GET', '/v1/messages')).toMatchObject({ status: 401 });
  },
);

test.each(['key_1', 'msg_01m821ja90eskaf0f8jas8zfxd', 'key_01m821ja90eskaf0f8jas8zfxd', '%00'])(
  'answers 404 for the unknown key id %s',
  async (id) => {
    for (const method of ['GET', 'DELETE']) expect((await api.call(method, `/v1/keys/${id}`)).status).toBe(404);
  },
);
