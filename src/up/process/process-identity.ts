import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A pid alone may long belong to another program; together with its start time it names one process. */
export interface ProcessIdentity {
  readonly pid: number;
  /** As the operating system tells it; compared, never interpreted. */
  readonly startTime: string;
}

/**
 * When the process began: clock ticks since boot on Linux, `ps` text elsewhere.
 * @returns undefined for a process that does not exist or has ended and only waits to be reaped.
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
  // The second field is the program's name in brackets and may itself hold spaces and brackets.
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
    // `ps` exits with 1 when it knows no such process.
    if ((error as { status?: number }).status === 1) return undefined;
    throw error;
  }
}

/** Whether exactly this process still runs. */
export function isRunning(target: ProcessIdentity): boolean {
  return startTimeOf(target.pid) === target.startTime;
}

/**
 * Waits until the process is gone.
 * @returns false when the time is over or `hurry` is aborted and it still runs.
 */
export async function waitGone(target: ProcessIdentity, limitMs: number, hurry?: AbortSignal): Promise<boolean> {
  const end = Date.now() + limitMs;
  while (isRunning(target)) {
    if (Date.now() >= end || hurry?.aborted === true) return false;
    await sleep(20);
  }
  return true;
}
