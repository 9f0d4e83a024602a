import { existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Role } from '../roles.ts';

const rotateAboveBytes = 20 * 1024 * 1024;

/** The file that takes what a role writes to stdout and stderr. */
export function logPath(home: string, role: Role): string {
  return join(home, 'log', `${role}.log`);
}

/** Opens a role's log to append to; one that has grown too long is moved aside first, over the one moved before. */
export function openLog(home: string, role: Role): number {
  mkdirSync(join(home, 'log'), { recursive: true, mode: 0o700 });
  const path = logPath(home, role);
  if (existsSync(path) && statSync(path).size > rotateAboveBytes) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

/** The end of a role's log, to show beside an error. */
export function lastLines(home: string, role: Role, count: number): readonly string[] {
  const path = logPath(home, role);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count);
}
