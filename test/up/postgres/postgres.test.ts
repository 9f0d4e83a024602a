import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';
import { preparePostgres } from '../../../src/up/postgres/postgres.ts';
import { untilUnused } from '../../../src/up/process/open-files.ts';
import { readRunRecord } from '../../../src/up/process/run-record.ts';
import { createSupervisor } from '../../../src/up/process/supervisor.ts';
import { eventually } from '../../support/eventually.ts';
import { startPostgres } from '../../support/postgres.ts';
import { createTestHome, type TestHome } from '../../support/test-servers.ts';

const quickly = { firstMs: 50, mostMs: 500, resetAfterMs: 60_000 };

let place: TestHome;

beforeEach(async () => {
  place = await createTestHome();
});

afterEach(() => place.remove());

async function query<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}

const write = (url: string): Promise<unknown> =>
  query(url, (sql) => sql.unsafe('create table if not exists kept (n int); insert into kept values (1)').simple());

const count = (url: string): Promise<number> =>
  query(url, async (sql) => (await sql<{ n: number }[]>`select count(*)::int as n from kept`)[0]?.n ?? -1);

const postmaster = (): number => readRunRecord(place.home).find(({ role }) => role === 'postgres')?.pid ?? 0;

test('a first start creates the cluster, role and database, and the data survives a stop and a start', async () => {
  const first = await startPostgres(place.home, place.supervisor);
  await write(first.url);
  const [settings] = await query(
    first.superuserUrl,
    (sql) => sql`select current_setting('server_encoding') as encoding, current_setting('data_checksums') as checksums,
      current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets,
      (select datlocale from pg_database where datname = 'carillon') as locale,
      (select rolsuper from pg_roles where rolname = 'carillon') as super`,
  );
  expect(settings).toEqual({
    encoding: 'UTF8',
    checksums: 'on',
    addresses: '127.0.0.1',
    sockets: '',
    locale: 'C.UTF-8',
    super: false,
  });
  expect(statSync(join(place.home, 'postgres.password')).mode & 0o777).toBe(0o600);
  await place.supervisor.stop();
  const again = createSupervisor(place.home, console.log);
  const second = await startPostgres(place.home, again);
  expect(await count(second.url)).toBe(1);
  await again.stop();
});

test('PostgreSQL refuses a wrong password', async () => {
  const { url } = await startPostgres(place.home, place.supervisor);
  await expect(count(url.replace('carillon:carillon', 'carillon:guess'))).rejects.toThrow(
    'password authentication failed',
  );
});

test('a killed PostgreSQL server is started again with everything that was committed', async () => {
  const said: string[] = [];
  const supervisor = createSupervisor(place.home, (line) => said.push(line), quickly);
  const { url } = await startPostgres(place.home, supervisor);
  await write(url);
  const killed = postmaster();
  process.kill(killed, 'SIGKILL');
  await eventually('another server runs', () => ![0, killed].includes(postmaster()));
  expect(await eventually('it answers', () => count(url).catch(() => undefined))).toBe(1);
  expect(said[0]).toContain('postgres ended (SIGKILL)');
  await supervisor.stop();
});

test('no second PostgreSQL server is started on data that a server uses', async () => {
  await startPostgres(place.home, place.supervisor);
  const data = join(place.home, 'postgres');
  const said: string[] = [];
  await expect(untilUnused(data, 'the PostgreSQL data', (line) => said.push(line), 100)).rejects.toThrow(
    `is in use by process ${postmaster()}`,
  );
  expect(said).toHaveLength(1);
});

test('a stale lock file that names another live process does not keep PostgreSQL from starting', async () => {
  await startPostgres(place.home, place.supervisor);
  await place.supervisor.stop();
  const innocent = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 60000)'], { stdio: 'ignore' });
  await once(innocent, 'spawn');
  const lock = [innocent.pid, join(place.home, 'postgres'), '1700000000', '1', '', '127.0.0.1', '0 0', 'ready   '];
  writeFileSync(join(place.home, 'postgres', 'postmaster.pid'), `${lock.join('\n')}\n`);
  const said: string[] = [];
  const supervisor = createSupervisor(place.home, (line) => said.push(line), quickly);
  const { url } = await startPostgres(place.home, supervisor);
  await write(url);
  expect(said).toEqual([]);
  await supervisor.stop();
  innocent.kill('SIGKILL');
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot('PostgreSQL works in a home that other users cannot read', async () => {
  chmodSync(place.home, 0o700);
  const { superuserUrl } = await startPostgres(place.home, place.supervisor);
  const [row] = await query(superuserUrl, (sql) => sql`select pg_read_file('PG_VERSION') as version`);
  expect(row).toEqual({ version: '18\n' });
  const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${postmaster()}/status`, 'utf8'))?.[1];
  expect(uid).not.toBe('0');
});

test('a cluster that a killed initdb left behind is not used as data', async () => {
  mkdirSync(join(place.home, 'postgres.new', 'data'), { recursive: true });
  writeFileSync(join(place.home, 'postgres.new', 'data', 'PG_VERSION'), '18\n');
  const { spec } = await preparePostgres(place.home, 1, console.log);
  expect(spec.command).toContain(join(place.home, 'postgres'));
  expect(statSync(join(place.home, 'postgres', 'global', 'pg_control')).size).toBeGreaterThan(0);
});
