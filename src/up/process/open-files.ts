import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../start-error.ts';

/**
 * Waits until no other process uses a folder or a file, because two servers on one store would destroy it. The backends
 * of a killed PostgreSQL end without help once they notice that it is gone. Processes of other users may be invisible,
 * and outside Linux all are.
 * @param what names the store in the error.
 * @param say gets one line when there is something to wait for.
 * @throws StartError naming the processes that still use the path after `limitMs`.
 */
export async function untilUnused(
  path: string,
  what: string,
  say: (line: string) => void,
  limitMs = 60_000,
): Promise<void> {
  const end = Date.now() + limitMs;
  let said = false;
  for (let users = processesUsing(path); users.length > 0; users = processesUsing(path)) {
    if (!said) say(`waiting for process ${users.join(', ')} to leave ${path}`);
    said = true;
    if (Date.now() >= end)
      throw new StartError(
        `${what} in ${path} is in use by process ${users.join(', ')}, which this start did not begin: stop it first`,
      );
    await sleep(100);
  }
}

/** The pids of other processes that have the file open, or the folder as their working directory. */
export function processesUsing(path: string): readonly number[] {
  if (process.platform !== 'linux') return [];
  let target: string;
  try {
    target = realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return list('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && uses(pid, target));
}

function uses(pid: number, target: string): boolean {
  if (linkTarget(`/proc/${pid}/cwd`) === target) return true;
  return list(`/proc/${pid}/fd`).some((fd) => linkTarget(`/proc/${pid}/fd/${fd}`) === target);
}

function list(folder: string): readonly string[] {
  return unlessGoneOrForbidden(() => readdirSync(folder)) ?? [];
}

function linkTarget(link: string): string | undefined {
  return unlessGoneOrForbidden(() => readlinkSync(link));
}

/** Processes may end while they are listed, and those of other users may not be readable. */
function unlessGoneOrForbidden<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(code)) return undefined;
    throw error;
  }
}
