import { connect } from '../../../src/store/db/db.ts';
import { eventually } from '../../support/eventually.ts';
import { createDatabase, type TestDatabase } from '../../support/postgres.ts';
import { asAdministrator, makeKey, withKey } from '../key-holder.ts';
import { startTestApi, type Answer, type TestApi } from '../running-api.ts';
import { startSilentProxy } from '../silent-proxy.ts';

const unknownKey = (n = 0): string => `ck_${String(n).padStart(43, 'x')}`;
const message = { body: { text: 'hi' } };

function expectUnavailable(answer: Answer): void {
  expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(answer.headers.get('retry-after')).toBe('1');
}

describe('keys that must be looked up in PostgreSQL', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi(undefined, { keyCacheMs: 60_000 });
  });
  afterAll(() => api.close());

  /** Runs the work while no query can look up a key. */
  const withKeysLocked = <T>(work: () => Promise<T>) =>
    api.sql.begin(async (tx) => {
      await tx`lock table api_keys in access exclusive mode`;
      return { result: await work() };
    });
  const waiting = async (): Promise<number> =>
    (await api.sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
      .length;

  test('accepts a key without another query once it was looked up', async () => {
    const { id, call } = await makeKey(api, ['messages:write']);
    expect((await call('POST', '/v1/messages', message)).status).toBe(202);
    await eventually('its use is noted', async () => {
      return (await api.call('GET', `/v1/keys/${id}`)).body.lastUsedAt !== null;
    });
    await withKeysLocked(async () => {
      expect((await call('POST', '/v1/messages', message)).status).toBe(202);
      expectUnavailable(await withKey(api, unknownKey())('POST', '/v1/messages', message));
    });
  });

  test('refuses a cached key after it has expired', async () => {
    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    const { call } = await makeKey(api, ['messages:read'], 'default', { expiresAt });
    expect((await call('GET', '/v1/messages')).status).toBe(200);
    await eventually('it is refused', async () => (await call('GET', '/v1/messages')).status === 401);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt) - 100);
  });

  test('makes one look-up when several requests arrive with the same key at once', async () => {
    const { call } = await makeKey(api, ['messages:write']);
    const { result } = await withKeysLocked(async () => {
      const posts = Array.from({ length: 10 }, () => call('POST', '/v1/messages', message));
      await eventually('it is looked up', async () => (await waiting()) > 0);
      expect(await waiting()).toBe(1);
      return { posts };
    });
    for (const { status } of await Promise.all(result.posts)) expect(status).toBe(202);
  });

  test("still serves the administrator's key, which needs no look-up, during a flood of wrong keys", async () => {
    await withKeysLocked(async () => {
      const flood = Array.from({ length: 60 }, (_, n) => withKey(api, unknownKey(n))('POST', '/v1/messages', message));
      await eventually('they wait', async () => (await waiting()) > 0);
      expect((await api.call('POST', '/v1/messages', message)).status).toBe(202);
      for (const answer of await Promise.all(flood)) expectUnavailable(answer);
    });
    expect((await withKey(api, unknownKey())('GET', '/v1/messages')).status).toBe(401);
  });
});

test('refuses a key within seconds after another process has revoked it', async () => {
  const database = await createDatabase();
  const [here, there] = [await startTestApi(database.url), await startTestApi(database.url)];
  const { id, key } = await makeKey(here, ['messages:read']);
  const call = withKey(there, key);
  expect((await call('GET', '/v1/messages')).status).toBe(200);
  expect((await here.call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
  await eventually('it is refused', async () => (await call('GET', '/v1/messages')).status === 401, 6_000);
  expect((await withKey(here, key)('GET', '/v1/messages')).status).toBe(401);
  await Promise.all([here.close(), there.close()]);
  await database.drop();
});

test('answers 503 and not 401 when PostgreSQL does not answer the look-up of a key', async () => {
  const database: TestDatabase = await createDatabase();
  const url = new URL(database.url);
  const proxy = await startSilentProxy(Number(url.port));
  url.port = String(proxy.port);
  const api = await startTestApi(url.href, { keyCacheMs: 100 });
  const { call } = await makeKey(api, ['messages:read']);
  expect((await call('GET', '/v1/messages')).status).toBe(200);
  proxy.silence();
  const answers = await eventually('what was looked up is forgotten', async () => {
    const start = performance.now();
    const asked = await Promise.all([
      call('GET', '/v1/messages'),
      withKey(api, unknownKey())('GET', '/v1/messages'),
      asAdministrator(api, 'acme')('GET', '/v1/messages'),
    ]);
    expect(performance.now() - start).toBeLessThan(6_000);
    return asked.every(({ status }) => status === 503) && asked;
  });
  for (const answer of answers) expectUnavailable(answer);
  // A text that does not have the form of a key is refused without a query.
  expect((await withKey(api, 'nonsense')('GET', '/v1/messages')).status).toBe(401);
  proxy.speak();
  await eventually('it works again', async () => (await call('GET', '/v1/messages')).status === 200);
  expect((await withKey(api, unknownKey())('GET', '/v1/messages')).status).toBe(401);
  await proxy.close();
  await api.close();
  await database.drop();
});

test('answers 503 at once when PostgreSQL is gone and a key must be looked up', async () => {
  const api = await startTestApi('postgres://carillon:carillon@127.0.0.1:1/none');
  expectUnavailable(await withKey(api, unknownKey())('GET', '/v1/messages'));
  expectUnavailable(await withKey(api, unknownKey())('POST', '/v1/messages', message));
  expectUnavailable(await asAdministrator(api, 'acme')('GET', '/v1/messages'));
  await api.close();
});

test('accepts keys on a read-only PostgreSQL, so that reading still works', async () => {
  const database = await createDatabase();
  const writing = await startTestApi(database.url);
  const { key } = await makeKey(writing, ['messages:read', 'messages:write']);
  await writing.close();
  const sql = connect(database.url, { name: 'test', max: 1, statementTimeoutMs: 5_000 });
  const name = new URL(database.url).pathname.slice(1);
  await sql.unsafe(`alter role carillon in database "${name}" set default_transaction_read_only = on`);
  const api = await startTestApi(database.url);
  expect((await withKey(api, key)('GET', '/v1/messages')).status).toBe(200);
  expectUnavailable(await withKey(api, key)('POST', '/v1/messages', message));
  await Promise.all([api.close(), sql.end()]);
  await database.drop();
});
