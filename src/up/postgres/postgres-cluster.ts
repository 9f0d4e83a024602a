import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresBinaries } from './postgres-binaries.ts';
import type { PostgresRunner } from './postgres-user.ts';
import { StartError } from '../start-error.ts';

/** The whole environment of PostgreSQL's programs. The user's PG… variables and language must not affect them. */
export const postgresEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as const;

export const superuser = 'postgres';

/**
 * Creates the data folder if it does not exist. It is made under another name and renamed when it is complete, so that
 * an interrupted start leaves nothing that looks like data.
 * @throws StartError with the error output of initdb.
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
  // PostgreSQL's own C.UTF-8 sorts the same way on every machine, whatever locales its system has.
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
