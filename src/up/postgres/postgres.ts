import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ChildSpec } from '../process/child.ts';
import { processesUsing, untilUnused } from '../process/open-files.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { ensureCluster, postgresEnvironment } from './postgres-cluster.ts';
import { postgresRunner } from './postgres-user.ts';
import { secretFile } from '../secret-file.ts';

export interface PostgresServer {
  readonly spec: ChildSpec;
  /** The password of the superuser `postgres`. */
  readonly superuserPassword: string;
}

/** Settings whose defaults do not suit Carillon. Everything else, fsync included, keeps its default. */
const settings = {
  listen_addresses: '127.0.0.1',
  // The path of a socket may have only about 100 characters, and the path of a home may be longer.
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
} as const;

/**
 * Prepares the data folder of a home.
 * @param extra more settings, for servers of tests and benchmarks.
 * @returns how to start the server on that folder.
 * @throws StartError when another server uses the folder.
 */
export async function preparePostgres(
  home: string,
  port: number,
  say: (line: string) => void,
  extra: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const dataFolder = join(home, 'postgres');
  await untilUnused(dataFolder, 'the PostgreSQL data', say);
  const binaries = postgresBinaries();
  const runner = postgresRunner(dataFolder, [home, dirname(binaries.postgres)]);
  const superuserPassword = secretFile(join(home, 'postgres.password'));
  await ensureCluster(dataFolder, superuserPassword, binaries, runner);
  const options = Object.entries({ ...settings, ...extra, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  return {
    spec: {
      role: 'postgres',
      command: runner.command(binaries.postgres, ['-D', dataFolder, ...options]),
      env: { ...postgresEnvironment, ...forgiveStaleLock(dataFolder) },
      port,
      cwd: '/',
      ...(runner.user === undefined ? {} : { user: runner.user }),
    },
    superuserPassword,
  };
}

/**
 * After a crash, `postmaster.pid` names a process that is gone, that waits to be reaped or, after a restart of the
 * machine or container, an unrelated process with the same pid. In the last two cases PostgreSQL refuses to start.
 * pg_ctl uses the variable PG_GRANDPARENT_PID to name its own caller; a pid in it does not count as a server.
 * PostgreSQL still checks that the shared memory is free.
 */
function forgiveStaleLock(dataFolder: string): Readonly<Record<string, string>> {
  let pid: number;
  try {
    pid = Number(readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n')[0]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  const mayBeServer = process.platform !== 'linux' || processesUsing(dataFolder).includes(pid);
  return mayBeServer ? {} : { PG_GRANDPARENT_PID: String(pid) };
}
