import type postgres from 'postgres';
import type { CpuSpent } from './cpu.ts';

/** One kind of statement, with figures per message. */
export interface Statement {
  /** The beginning of its text, in one line. */
  readonly text: string;
  /** Whether a client sent it. Otherwise a trigger or function ran it inside of another statement. */
  readonly topLevel: boolean;
  readonly calls: number;
  /** Mean time of one call in milliseconds of wall time. */
  readonly meanMs: number;
  readonly walBytes: number;
}

export interface Wal {
  readonly bytes: number;
  readonly fullPages: number;
}

const shownCharacters = 110;

/** Starts to count the statements of the role `carillon`. */
export async function startCounting(sql: postgres.Sql): Promise<void> {
  await sql`create extension if not exists pg_stat_statements`;
  await trackStatements(sql, 'all');
  await sql`select pg_stat_statements_reset()`;
}

/**
 * Ends the count.
 * @returns the statements per message, the most frequent first.
 */
export async function stopCounting(sql: postgres.Sql, messages: number): Promise<Statement[]> {
  const rows = await sql<{ query: string; toplevel: boolean; calls: number; ms: number; wal: number }[]>`
    select query, toplevel, calls::float8 as calls, total_exec_time as ms, wal_bytes::float8 as wal
    from pg_stat_statements where userid = 'carillon'::regrole order by calls desc, query`;
  await trackStatements(sql, 'none');
  return rows.map(({ query, toplevel, calls, ms, wal }) => ({
    text: query.replaceAll(/\s+/g, ' ').trim().slice(0, shownCharacters),
    topLevel: toplevel,
    calls: calls / messages,
    meanMs: ms / calls,
    walBytes: wal / messages,
  }));
}

export async function trackStatements(sql: postgres.Sql, what: 'all' | 'none'): Promise<void> {
  await sql.unsafe(`alter system set pg_stat_statements.track = '${what}'`);
  await sql`select pg_reload_conf()`;
  // Each backend reads the setting before its next statement.
  await new Promise((resolve) => setTimeout(resolve, 200));
}

/** Reads how much the server has written to its write-ahead log since it started. */
export async function readWal(sql: postgres.Sql): Promise<Wal> {
  // Busy backends report their figures at most once a second, idle ones at once.
  const [row] = await sql<Wal[]>`
    select wal_bytes::float8 as bytes, wal_fpi::float8 as "fullPages" from pg_stat_wal`;
  if (row === undefined) throw new Error('pg_stat_wal is empty');
  return row;
}

/** Returns milliseconds of CPU by the use of a backend: the name of its application, or its type in PostgreSQL. */
export async function backendsByUse(sql: postgres.Sql, { backends }: CpuSpent): Promise<Record<string, number>> {
  const rows = await sql<{ pid: number; use: string }[]>`
    select pid, case when application_name <> '' then application_name else backend_type end as use
    from pg_stat_activity`;
  const uses = new Map(rows.map(({ pid, use }) => [pid, use]));
  const result: Record<string, number> = {};
  for (const [pid, ms] of backends) {
    const use = uses.get(pid) ?? 'other';
    result[use] = (result[use] ?? 0) + ms;
  }
  return result;
}
