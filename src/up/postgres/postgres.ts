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
  /** Of the superuser `postgres`. */
  readonly superuserPassword: string;
}

/** Ours where PostgreSQL's own default does not fit; everything else, fsync included, is left to it. */
const settings = {
  listen_addresses: '127.0.0.1',
  // A socket's path may be at most about 100 characters long, and a home can lie deeper.
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
} as const;

/**
 * Makes the data folder of a home ready and says how to start the server on it.
 * @param extra further settings, for servers of tests and benchmarks.
 * @throws StartError while another server works in the folder.
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
 * After a crash `postmaster.pid` names a process that is gone, one that waits to be reaped, or, once the machine or
 * container has started anew, an innocent one with the same number; at the latter two PostgreSQL refuses to start.
 * This variable, by which pg_ctl names its own caller, tells it that this number is no server; that the shared memory
 * is free it still makes sure of itself.
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
