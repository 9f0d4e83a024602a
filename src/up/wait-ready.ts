import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines, logPath } from './process/log-file.ts';
import type { Role } from './roles.ts';
import { StartError } from './start-error.ts';
import type { Supervisor } from './process/supervisor.ts';

/** A process that `npm start` needs did not come up. The message shows the end of its log. */
export class NotReadyError extends StartError {
  override name = 'NotReadyError';

  constructor(home: string, role: Role, what: string) {
    const log = lastLines(home, role, 12).map((line) => `  | ${line}`);
    super([`${role} ${what}; the end of ${logPath(home, role)}:`, ...log].join('\n'));
  }
}

export interface ReadyOptions {
  readonly home: string;
  readonly supervisor: Supervisor;
  readonly signal: AbortSignal;
  readonly limitMs: number;
  /** The role whose log tells why it does not come up. */
  readonly role: Role;
  /** Other roles without which it never comes up. */
  readonly needs?: readonly Role[];
}

/** A child that has failed this often in a row is not expected to recover. */
const mostFailures = 4;

/**
 * Calls `check` every 50 ms until it answers true.
 * @param check answers true, or says what is missing. An error that it throws ends the wait at once.
 * @throws NotReadyError when the time is over, or a child that is needed keeps dying.
 */
export async function waitReady(check: () => Promise<true | string>, options: ReadyOptions): Promise<void> {
  const { home, supervisor, signal, limitMs, role, needs = [] } = options;
  const end = Date.now() + limitMs;
  for (let answer = await check(); answer !== true; answer = await check()) {
    signal.throwIfAborted();
    const failing = [role, ...needs].find((need) => supervisor.failures(need) >= mostFailures);
    if (failing !== undefined) throw new NotReadyError(home, failing, `ended ${mostFailures} times in a row`);
    if (Date.now() >= end) throw new NotReadyError(home, role, `was not ready within ${limitMs / 1_000} s (${answer})`);
    await sleep(50, undefined, { signal });
  }
}
