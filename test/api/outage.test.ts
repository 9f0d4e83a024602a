import { migrate } from '../../src/store/db/migrate.ts';
import { connect } from '../../src/store/db/db.ts';
import { preparePostgres } from '../../src/up/postgres/postgres.ts';
import { databaseReady } from '../../src/up/postgres/database.ts';
import { createSupervisor, type Supervisor } from '../../src/up/process/supervisor.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { createDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestHome, type TestHome } from '../support/test-servers.ts';
import { makeDestinations, startTestApi, type Answer, type TestApi } from './running-api.ts';
import { startSilentProxy, type SilentProxy } from './silent-proxy.ts';

const post = (api: TestApi, key: string): Promise<Answer> =>
  api.call('POST', '/v1/messages', {
    body: { text: 'hi', destinations: ['orders'] },
    headers: { 'idempotency-key': key },
  });

async function timed<T>(work: Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  return [await work, performance.now() - start];
}

function expectUnavailable(answer: Answer): void {
  expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable', requestId: expect.any(String) } });
  expect(answer.headers.get('retry-after')).toBe('1');
}

describe('while PostgreSQL is gone, the API', () => {
  let home: TestHome;
  let port: number;
  let server: Supervisor;
  let api: TestApi;
  const start = async (): Promise<void> => {
    const { spec, superuserPassword } = await preparePostgres(home.home, port, () => undefined);
    server = createSupervisor(home.home, () => undefined);
    server.start(spec);
    await eventually('PostgreSQL is ready', async () => (await databaseReady(url(), superuserPassword)) === true);
  };
  const url = (): string => `postgres://carillon:carillon@127.0.0.1:${port}/carillon`;
  beforeAll(async () => {
    [home, port] = [await createTestHome(), await freePort()];
    await start();
    await migrate(url());
    api = await startTestApi(url());
    await makeDestinations(api, ['orders']);
  });
  afterAll(async () => {
    await api.close();
    await server.stop(AbortSignal.abort());
    await home.remove();
  });

  test('answers 503 with Retry-After, says so in /readyz, and recovers without a restart', async () => {
    expect((await post(api, 'before')).status).toBe(202);
    await server.stop(AbortSignal.abort());

    const [refused, ms] = await timed(post(api, 'during'));
    expectUnavailable(refused);
    expect(refused.body.detail).toContain('same key');
    expect(ms).toBeLessThan(3_000);
    const others = await Promise.all([
      api.call('GET', '/v1/messages'),
      api.call('GET', '/v1/deliveries/summary'),
      api.call('PUT', '/v1/destinations/x', { body: { connection: 'hooks', address: { url: 'http://127.0.0.1:9/' } } }),
      api.call('POST', `/v1/messages/${refused.body.id}/retry`),
    ]);
    for (const answer of others) expectUnavailable(answer);
    expect(await api.call('GET', '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await api.call('GET', '/readyz')).toMatchObject({
      status: 503,
      body: { accept: 'down', delivery: 'down', postgres: 'down', temporal: 'ok' },
    });

    await start();
    await eventually('ready again', async () => (await api.call('GET', '/readyz')).status === 200);
    expect((await post(api, 'before')).body).toMatchObject({ duplicate: true });
    expect((await post(api, 'during')).body).toMatchObject({ duplicate: false });
  });
});

describe('while PostgreSQL does not answer, the API', () => {
  let database: TestDatabase;
  let proxy: SilentProxy;
  let api: TestApi;
  beforeAll(async () => {
    database = await createDatabase();
    const url = new URL(database.url);
    proxy = await startSilentProxy(Number(url.port));
    url.port = String(proxy.port);
    api = await startTestApi(url.href);
    await makeDestinations(api, ['orders']);
  });
  afterAll(async () => {
    await proxy.close();
    await api.close();
    await database.drop();
  });

  test('answers 503 soon, says so in /readyz, and later tells by the key what became of a message', async () => {
    expect((await post(api, 'silence-0')).status).toBe(202);
    proxy.silence();
    const [answer, ms] = await timed(post(api, 'silence-1'));
    expectUnavailable(answer);
    expect(ms).toBeLessThan(3_000);
    const [ready, readyMs] = await timed(api.call('GET', '/readyz'));
    expect(ready).toMatchObject({ status: 503, body: { accept: 'down', postgres: 'down' } });
    expect(readyMs).toBeLessThan(2_500);

    proxy.speak();
    const again = await eventually('it accepts again', async () => {
      const repeated = await post(api, 'silence-1');
      return repeated.status === 202 && repeated;
    });
    // The statement was already sent when the API answered, so 503 did mean unknown.
    const [row] = await api.sql`select count(*)::integer as count from messages where dedupe_key = 'silence-1'`;
    expect(row).toEqual({ count: 1 });
    expect((await post(api, 'silence-1')).body).toMatchObject({ id: again.body.id, duplicate: true });
  });
});

describe('while PostgreSQL is too slow, the API', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    await makeDestinations(api, ['orders']);
  });
  afterAll(() => api.close());

  test('answers 503 after a second and has stored nothing', async () => {
    await api.sql.begin(async (tx) => {
      await tx`lock table deliveries in access exclusive mode`;
      const [answer, ms] = await timed(post(api, 'slow-1'));
      expectUnavailable(answer);
      expect(ms).toBeGreaterThan(900);
      expect(ms).toBeLessThan(3_000);
      expect(await tx`select from messages`).toHaveLength(0);
    });
    expect((await post(api, 'slow-1')).body).toMatchObject({ duplicate: false });
  });

  test('says in the 503 how to find out whether a message without a key was accepted', async () => {
    await api.sql.begin(async (tx) => {
      await tx`lock table deliveries in access exclusive mode`;
      const { body } = await api.call('POST', '/v1/messages', { body: { text: 'hi', destinations: ['orders'] } });
      expect(body.detail).toContain(`GET /v1/messages/${body.id}`);
    });
  });
});

test("accepts no message when the database lacks Carillon's tables", async () => {
  const database = await createDatabase(async () => undefined, 'carillon_empty_template');
  const api = await startTestApi(database.url);
  expect(await api.call('GET', '/readyz')).toMatchObject({ status: 503, body: { accept: 'down' } });
  const answer = await api.call('POST', '/v1/messages', { body: { text: 'hi' } });
  expect(answer).toMatchObject({ status: 500, body: { code: 'internal', requestId: expect.any(String) } });
  expect(JSON.stringify(answer.body)).not.toMatch(/relation|config_versions|stack|node_modules/);
  expect(api.log.join('')).toContain(answer.body.requestId);
  await api.close();
  await database.drop();
});

test('answers 503 while PostgreSQL is read-only, as after a failover', async () => {
  const database = await createDatabase();
  const sql = connect(database.url, { name: 'test', max: 1, statementTimeoutMs: 5_000 });
  await sql.unsafe(
    `alter role carillon in database "${new URL(database.url).pathname.slice(1)}" set default_transaction_read_only = on`,
  );
  const api = await startTestApi(database.url);
  expectUnavailable(await api.call('POST', '/v1/messages', { body: { text: 'hi' } }));
  await Promise.all([api.close(), sql.end()]);
  await database.drop();
});
