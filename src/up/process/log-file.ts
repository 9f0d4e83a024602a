import { existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Role } from '../roles.ts';

const rotateAboveBytes = 20 * 1024 * 1024;

/** The file that gets the stdout and stderr of a role. */
export function logPath(home: string, role: Role): string {
  return join(home, 'log', `${role}.log`);
}

/** Opens the log of a role to append to it. A log over 20 MiB is renamed to `.1` first, replacing an older one. */
export function openLog(home: string, role: Role): number {
  mkdirSync(join(home, 'log'), { recursive: true, mode: 0o700 });
  const path = logPath(home, role);
  if (existsSync(path) && statSync(path).size > rotateAboveBytes) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

/** The last lines of a role's log, to show with an error. */
export function lastLines(home: string, role: Role, count: number): readonly string[] {
  const path = logPath(home, role);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count);
}
