import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from './process-identity.ts';
import type { Role } from '../roles.ts';
import { StartError } from '../start-error.ts';

/** A child process as recorded in `$CARILLON_HOME/run.json`. */
export interface RunningChild extends ProcessIdentity {
  readonly role: Role;
  readonly port?: number;
  /** RFC 3339, for people to read. `startTime` identifies the process. */
  readonly startedAt: string;
  readonly command: string;
}

export function runRecordPath(home: string): string {
  return join(home, 'run.json');
}

/**
 * The children that the last supervisor of this home recorded.
 * @throws StartError when the file has no readable record: going on could start a second server on the same store.
 */
export function readRunRecord(home: string): readonly RunningChild[] {
  const path = runRecordPath(home);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    const { children } = JSON.parse(text) as { children: readonly RunningChild[] };
    if (!children.every((child) => Number.isInteger(child.pid) && child.pid > 1 && typeof child.startTime === 'string'))
      throw new TypeError('a child without pid or start time');
    return children;
  } catch (cause) {
    throw new StartError(
      `${path} does not say what an earlier start left running. Stop what is left of it, then remove the file.`,
      { cause },
    );
  }
}

/** Replaces the record atomically, so that no reader and no crash sees half of it. */
export function writeRunRecord(home: string, children: readonly RunningChild[]): void {
  const path = runRecordPath(home);
  const next = `${path}.${process.pid}`;
  const file = openSync(next, 'w', 0o644);
  try {
    writeSync(file, `${JSON.stringify({ children }, undefined, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(next, path);
}
