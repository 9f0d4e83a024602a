import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';
import { databaseReady, superuserUrl } from '../src/up/postgres/database.ts';
import { preparePostgres } from '../src/up/postgres/postgres.ts';
import { readRunRecord } from '../src/up/process/run-record.ts';
import { secretFile } from '../src/up/secret-file.ts';
import { waitReady } from '../src/up/wait-ready.ts';
import { freePort } from '../test/support/free-port.ts';
import { startTemporal } from '../test/support/temporal.ts';
import {
  connectionsForTemporal,
  startPostgresBackedTemporal,
  type TemporalStore,
} from '../test/support/temporal-on-postgres.ts';
import { createTestHome, removeAbandonedHomes } from '../test/support/test-servers.ts';
import { startChild, type Child, type ChildOptions } from './child.ts';
import type { Watched } from './cpu.ts';
import { trackStatements } from './postgres-figures.ts';

export const namespace = 'default';

const readyLimitMs = 60_000;

/** One PostgreSQL and one Temporal for a whole run, and all processes that use them. */
export interface Stack {
  readonly home: string;
  readonly adminKey: string;
  readonly temporalAddress: string;
  /** A connection as superuser to the database `postgres`. */
  readonly sql: postgres.Sql;
  readonly servers: readonly Watched[];
  /**
   * Creates the database if it does not exist.
   * @returns its address for the role `carillon`.
   */
  database(name: string): Promise<string>;
  start(options: Omit<ChildOptions, 'home'>): Child;
  /** Rejects when a process dies without being stopped. */
  readonly died: Promise<never>;
  /** Throws when a server was restarted, because the measurement is then worthless. */
  check(): void;
  /** Stops everything and removes the home. */
  remove(): Promise<void>;
}

/** Loads the module that counts statements. It counts only on demand, because production runs without it. */
const countable = { shared_preload_libraries: 'pg_stat_statements' } as const;

/** @param store with `postgres`, Temporal has its own databases on Carillon's PostgreSQL server. */
export async function openStack(store: TemporalStore): Promise<Stack> {
  await removeAbandonedHomes();
  const { home, supervisor, remove } = await createTestHome();
  const children = new Set<Child>();
  let sql: postgres.Sql | undefined;
  const removeAll = async (): Promise<void> => {
    await Promise.all([...children].map((child) => child.stop(true)));
    await sql?.end({ timeout: 1 });
    await remove();
  };
  try {
    mkdirSync(join(home, 'log'), { recursive: true });
    const port = await freePort();
    const superuserPassword = await startPostgres(home, port, supervisor);
    const temporalAddress =
      store === 'postgres'
        ? await startPostgresBackedTemporal(home, supervisor, { port, superuserPassword })
        : await startTemporal(home, supervisor);
    const url = (name: string): string => `postgres://carillon:carillon@127.0.0.1:${port}/${name}`;
    sql = postgres(superuserUrl(url('carillon'), superuserPassword), { max: 1, onnotice: () => undefined });
    await trackStatements(sql, 'none');
    let onDeath: (reason: Error) => void = () => undefined;
    const died = new Promise<never>((_, reject) => {
      onDeath = reject;
    });
    died.catch(() => undefined);
    return {
      home,
      adminKey: secretFile(join(home, 'admin.key')),
      temporalAddress,
      sql,
      servers: readRunRecord(home).map(({ role, pid }) => ({ name: role, pid })),
      died,
      async database(name) {
        await databaseReady(url(name), superuserPassword);
        return url(name);
      },
      start(options) {
        const child = startChild({ ...options, home }, onDeath);
        children.add(child);
        return child;
      },
      check() {
        for (const role of ['postgres', 'temporal'] as const)
          if (supervisor.failures(role) > 0) throw new Error(`${role} died during the run`);
      },
      remove: removeAll,
    };
  } catch (error) {
    await removeAll();
    throw error;
  }
}

async function startPostgres(
  home: string,
  port: number,
  supervisor: Awaited<ReturnType<typeof createTestHome>>['supervisor'],
): Promise<string> {
  const { spec, superuserPassword } = await preparePostgres(home, port, console.log, {
    ...countable,
    ...connectionsForTemporal,
  });
  supervisor.start(spec);
  await waitReady(() => databaseReady(`postgres://carillon:carillon@127.0.0.1:${port}/carillon`, superuserPassword), {
    home,
    supervisor,
    signal: AbortSignal.timeout(readyLimitMs),
    limitMs: readyLimitMs,
    role: 'postgres',
  });
  return superuserPassword;
}
