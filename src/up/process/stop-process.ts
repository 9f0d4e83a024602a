import { type ProcessIdentity, isRunning, waitGone } from './process-identity.ts';
import type { StopStep } from '../roles.ts';

/** A process ends at once after SIGKILL, unless the kernel holds it. After this time the machine has a problem. */
const killedLimitMs = 10_000;

/** After a second Ctrl-C each step waits only this long. The steps still matter: SIGQUIT saves PostgreSQL a crash. */
const hurriedGraceMs = 1_000;

/**
 * Ends a process and its process group with the given steps and then SIGKILL. Resolves when the process is gone.
 * @param hurry aborted by the second Ctrl-C; cuts every wait short.
 * @throws Error when the process is still there 10 s after SIGKILL.
 */
export async function stopProcess(
  target: ProcessIdentity,
  steps: readonly StopStep[],
  hurry?: AbortSignal,
): Promise<void> {
  for (const { signal, graceMs } of steps) {
    if (!isRunning(target)) break;
    signalIfThere(target.pid, signal);
    const limitMs = hurry?.aborted === true ? Math.min(graceMs, hurriedGraceMs) : graceMs;
    if (await waitGone(target, limitMs, hurry?.aborted === true ? undefined : hurry)) break;
  }
  // Every child leads its own process group, so this also ends processes that the child left behind.
  signalIfThere(-target.pid, 'SIGKILL');
  if (!(await waitGone(target, killedLimitMs)))
    throw new Error(`process ${target.pid} does not end, not even by SIGKILL`);
}

/** Sends a signal to a process, or to a process group when `pid` is negative. It need not exist. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
