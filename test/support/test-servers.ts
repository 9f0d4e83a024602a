import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AlreadyRunningError, type Lock, takeLock } from '../../src/up/process/lock.ts';
import { stopOrphans } from '../../src/up/process/orphans.ts';
import { createSupervisor, type Supervisor } from '../../src/up/process/supervisor.ts';
import { testFolder, testFolders } from './test-folder.ts';

const prefix = 'carillon-test-';

/** A temporary home and the processes that run in it. */
export interface TestHome {
  readonly home: string;
  readonly supervisor: Supervisor;
  /** Stops the processes and removes the home. */
  remove(): Promise<void>;
}

/** Makes a home in the folder for tests, with a lock and a record like a real home. */
export async function createTestHome(): Promise<TestHome> {
  const home = mkdtempSync(join(testFolder(), prefix));
  // As root, PostgreSQL runs as another user, which must be able to enter the folder.
  chmodSync(home, 0o711);
  const lock = await hold(home);
  const supervisor = createSupervisor(home, console.log);
  return {
    home,
    supervisor,
    remove: async () => {
      // The aborted signal makes the supervisor kill its children at once, because their data is deleted anyway.
      await supervisor.stop(AbortSignal.abort());
      rmSync(home, { recursive: true });
      await lock.release();
    },
  };
}

/**
 * Stops what a killed test run left and removes its homes. The record of such a home says what runs, and its lock is
 * free.
 */
export async function removeAbandonedHomes(): Promise<void> {
  for (const home of testFolders().flatMap(homesIn)) {
    let lock: Lock;
    try {
      lock = await hold(home);
    } catch (error) {
      // Another run uses the home, or has just removed it.
      if (error instanceof AlreadyRunningError || (error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    if (existsSync(home)) {
      await stopOrphans(home);
      rmSync(home, { recursive: true, force: true });
    }
    await lock.release();
  }
}

function homesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((entry) => entry.startsWith(prefix))
    .map((entry) => join(folder, entry));
}

function hold(home: string): Promise<Lock> {
  return takeLock(home, () => ({ pid: process.pid, startedAt: new Date().toISOString(), urls: {} }));
}
