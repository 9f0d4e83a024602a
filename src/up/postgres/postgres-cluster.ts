import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresBinaries } from './postgres-binaries.ts';
import type { PostgresRunner } from './postgres-user.ts';
import { StartError } from '../start-error.ts';

/** PostgreSQL's programs must not listen to the PG… variables of whoever starts them, nor speak his language. */
export const postgresEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as const;

/** Superuser of the cluster. */
export const superuser = 'postgres';

/**
 * Creates the data folder where there is none yet. It is made aside and moved into place when complete, so that a
 * start cut short leaves nothing that looks like data.
 * @throws Error with what initdb said.
 */
export async function ensureCluster(
  dataFolder: string,
  password: string,
  { initdb }: PostgresBinaries,
  { owner, user, command }: PostgresRunner,
): Promise<void> {
  if (existsSync(dataFolder)) return;
  const aside = `${dataFolder}.new`;
  const data = join(aside, 'data');
  const passwordFile = join(aside, 'password');
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (owner !== undefined) for (const path of [aside, data, passwordFile]) chownSync(path, owner.uid, owner.gid);
  // The C.UTF-8 of PostgreSQL itself: the same order on every machine, whatever its system's locales are.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const login = ['--auth=scram-sha-256', `--username=${superuser}`, `--pwfile=${passwordFile}`];
  const [program, ...args] = command(initdb, [`--pgdata=${data}`, ...locale, ...login, '--data-checksums']);
  try {
    await promisify(execFile)(program, args, { cwd: '/', env: postgresEnvironment, ...user });
  } catch (error) {
    const { message, stderr = '' } = error as Error & { stderr?: string };
    throw new StartError(`PostgreSQL's initdb failed in ${aside}: ${stderr.trim() || message}`, { cause: error });
  }
  renameSync(data, dataFolder);
  rmSync(aside, { recursive: true });
}
