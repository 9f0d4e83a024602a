import { type ProcessIdentity, isRunning, waitGone } from './process-identity.ts';
import type { StopStep } from '../roles.ts';

/** A killed process is gone at once unless the kernel holds it; past this something is wrong with the machine. */
const killedLimitMs = 10_000;

/** In a hurry a step is still taken (SIGQUIT spares PostgreSQL a crash), but not waited for. */
const hurriedGraceMs = 1_000;

/**
 * Ends a process and its group: step by step, then by SIGKILL. Returns when it is really gone.
 * @param hurry aborted by the second Ctrl-C: cuts every grace short.
 * @throws Error when even SIGKILL does not end it.
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
  // Every child leads its own group, so this reaches what it may have started and left behind.
  signalIfThere(-target.pid, 'SIGKILL');
  if (!(await waitGone(target, killedLimitMs)))
    throw new Error(`process ${target.pid} does not end, not even by SIGKILL`);
}

/** Sends a signal to a process, or to a group by its negative number; none there is fine. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
