import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Identifies one process. A pid alone is not enough, because the system gives it to another program later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The start time in the system's own format. It is only compared, never parsed. */
  readonly startTime: string;
}

/**
 * The start time of a process: clock ticks since boot on Linux, the text of `ps` elsewhere.
 * @returns undefined when the process does not exist, or has ended and was not reaped yet.
 */
export function startTimeOf(pid: number): string | undefined {
  return process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
}

function startTimeFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
  // The second field is the program's name in brackets, and the name may contain spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}

function startTimeFromPs(pid: number): string | undefined {
  try {
    const [state, ...started] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return state === undefined || state.startsWith('Z') ? undefined : started.join(' ');
  } catch (error) {
    // `ps` exits with 1 when there is no such process.
    if ((error as { status?: number }).status === 1) return undefined;
    throw error;
  }
}

/** Whether this very process still runs, and not a later one with the same pid. */
export function isRunning(target: ProcessIdentity): boolean {
  return startTimeOf(target.pid) === target.startTime;
}

/**
 * Waits until a process is gone.
 * @returns false when it still runs after `limitMs`, or when `hurry` was aborted.
 */
export async function waitGone(target: ProcessIdentity, limitMs: number, hurry?: AbortSignal): Promise<boolean> {
  const end = Date.now() + limitMs;
  while (isRunning(target)) {
    if (Date.now() >= end || hurry?.aborted === true) return false;
    await sleep(20);
  }
  return true;
}
