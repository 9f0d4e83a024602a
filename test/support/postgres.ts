import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { databaseReady, superuserUrl } from '../../src/up/postgres/database.ts';
import { preparePostgres } from '../../src/up/postgres/postgres.ts';
import type { Supervisor } from '../../src/up/process/supervisor.ts';
import { waitReady } from '../../src/up/wait-ready.ts';
import { freePort } from './free-port.ts';

const variable = 'CARILLON_TEST_DATABASE_URL';

const readyLimitMs = 60_000;

/** The data is deleted after the test run, so it need not survive a power cut. A killed server still loses nothing. */
const faster = { fsync: 'off', full_page_writes: 'off' } as const;

export interface TestPostgres {
  /** Address of the database `carillon` for the role `carillon`. */
  readonly url: string;
  /** Address for the superuser. */
  readonly superuserUrl: string;
}

/** Starts a real server on the data of a home, with the functions that `npm start` uses. */
export async function startPostgres(home: string, supervisor: Supervisor): Promise<TestPostgres> {
  const port = await freePort();
  const url = `postgres://carillon:carillon@127.0.0.1:${port}/carillon`;
  const { spec, superuserPassword } = await preparePostgres(home, port, console.log, faster);
  supervisor.start(spec);
  await waitReady(() => databaseReady(url, superuserPassword), {
    home,
    supervisor,
    signal: AbortSignal.timeout(readyLimitMs),
    limitMs: readyLimitMs,
    role: 'postgres',
  });
  return { url, superuserUrl: superuserUrl(url, superuserPassword) };
}

/** Tells the test files of this run where the server is. */
export function publishPostgres(server: TestPostgres): void {
  process.env[variable] = server.superuserUrl;
}

export interface TestDatabase {
  /** Address for the role `carillon`, which owns the database. */
  readonly url: string;
  drop(): Promise<void>;
}

type Migrate = (databaseUrl: string) => Promise<unknown>;

const migrateOurs: Migrate = async (url) => (await import('../../src/store/db/migrate.ts')).migrate(url);

/**
 * Creates a database on the server of this test run. It is a copy of a database that was migrated once, which takes 50
 * ms instead of the second of a migration. Each test file creates its own database and drops it.
 * @param template name of the database to copy; a different `migrate` needs a different name.
 */
export async function createDatabase(migrate = migrateOurs, template = 'carillon_template'): Promise<TestDatabase> {
  const address = process.env[variable];
  if (address === undefined) throw new Error(`${variable} is not set: it comes from test/support/global-setup.ts`);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asSuperuser(address, async (sql) => {
    await ensureTemplate(sql, address, migrate, template);
    // Half the CPU time of the default strategy, which copies block by block and through the server's log.
    await sql.unsafe(`create database ${name} template ${template} owner carillon strategy file_copy`);
  });
  return {
    url: databaseUrl(address, name),
    drop: () => asSuperuser(address, async (sql) => void (await sql.unsafe(`drop database ${name} with (force)`))),
  };
}

/**
 * Makes the template once. Jest's workers are processes: the first one to come here migrates, and the others wait for
 * it.
 */
async function ensureTemplate(sql: postgres.Sql, address: string, migrate: Migrate, template: string): Promise<void> {
  await sql`select pg_advisory_lock(hashtext(${template}))`;
  try {
    const [there] = await sql`select 1 from pg_database where datname = ${template}`;
    if (there !== undefined) return;
    // The template has another name until it is complete, so that a failed migration leaves no template.
    const unfinished = `${template}_unfinished`;
    await sql.unsafe(`drop database if exists ${unfinished} with (force)`);
    await sql.unsafe(`create database ${unfinished} owner carillon`);
    await migrate(databaseUrl(address, unfinished));
    await sql.unsafe(`alter database ${unfinished} rename to ${template}`);
  } finally {
    await sql`select pg_advisory_unlock(hashtext(${template}))`;
  }
}

function databaseUrl(address: string, name: string): string {
  const url = new URL(address);
  url.username = 'carillon';
  url.password = 'carillon';
  url.pathname = `/${name}`;
  return url.href;
}

async function asSuperuser(address: string, work: (sql: postgres.Sql) => Promise<void>): Promise<void> {
  const sql = postgres(address, { max: 1, onnotice: () => undefined });
  try {
    await work(sql);
  } finally {
    await sql.end();
  }
}
