import postgres from 'postgres';
import { superuser } from './postgres-cluster.ts';

/** The SQLSTATEs of a server that runs and does not have our role or database yet. */
const notProvisioned = new Set(['28000', '28P01', '3D000']);

/** The SQLSTATEs and system error codes of a server that is still starting. */
const notYet = new Set([
  '57P03',
  'ECONNREFUSED',
  'ECONNRESET',
  'CONNECTION_CLOSED',
  'CONNECT_TIMEOUT',
  'CONNECTION_ENDED',
]);

/**
 * Checks whether the database answers. On a new server it creates the role and the database first.
 * @param url the application's URL, with role, password and database.
 * @returns true, or the reason why the server is not ready yet.
 */
export async function databaseReady(url: string, superuserPassword: string): Promise<true | string> {
  try {
    await answer(url);
    return true;
  } catch (error) {
    const { code = '', message } = error as Error & { code?: string };
    if (notYet.has(code)) return message;
    if (!notProvisioned.has(code)) throw error;
  }
  await provision(new URL(url), superuserPassword);
  await answer(url);
  return true;
}

/** The URL of the superuser on the same server. */
export function superuserUrl(url: string, password: string): string {
  const address = new URL(url);
  address.username = superuser;
  address.password = password;
  address.pathname = '/postgres';
  return address.href;
}

async function answer(url: string): Promise<void> {
  await withConnection(url, (sql) => sql`select 1`);
}

async function provision(url: URL, superuserPassword: string): Promise<void> {
  const role = decodeURIComponent(url.username);
  const database = decodeURIComponent(url.pathname.slice(1));
  await withConnection(superuserUrl(url.href, superuserPassword), async (sql) => {
    // DDL takes no parameters, so format() on the server does the quoting.
    const run = async (template: string, ...values: string[]): Promise<void> => {
      const [row] = await sql<{ ddl: string }[]>`select format(${template}, variadic ${values}::text[]) as ddl`;
      await sql.unsafe(row?.ddl ?? '');
    };
    const password = decodeURIComponent(url.password);
    const [knownRole] = await sql`select 1 from pg_roles where rolname = ${role}`;
    await run(`${knownRole === undefined ? 'create' : 'alter'} role %I login password %L`, role, password);
    const [knownDatabase] = await sql`select 1 from pg_database where datname = ${database}`;
    if (knownDatabase === undefined) await run('create database %I owner %I', database, role);
  });
}

async function withConnection<T>(url: string, use: (sql: postgres.Sql) => PromiseLike<T>): Promise<T> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
