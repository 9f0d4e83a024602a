import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AlreadyRunningError, type Lock, takeLock } from '../../src/up/process/lock.ts';
import { stopOrphans } from '../../src/up/process/orphans.ts';
import { createSupervisor, type Supervisor } from '../../src/up/process/supervisor.ts';
import { testFolder, testFolders } from './test-folder.ts';

const prefix = 'carillon-test-';

/** A throw-away home and what runs in it. */
export interface TestHome {
  readonly home: string;
  readonly supervisor: Supervisor;
  /** Stops everything in it and removes it. */
  remove(): Promise<void>;
}

/** A home in the folder for tests, held by the same lock and record as a real one. */
export async function createTestHome(): Promise<TestHome> {
  const home = mkdtempSync(join(testFolder(), prefix));
  // PostgreSQL runs as another user when we are root, and must be able to pass.
  chmodSync(home, 0o711);
  const lock = await hold(home);
  const supervisor = createSupervisor(home, console.log);
  return {
    home,
    supervisor,
    remove: async () => {
      // What is thrown away need not end in peace.
      await supervisor.stop(AbortSignal.abort());
      rmSync(home, { recursive: true });
      await lock.release();
    },
  };
}

/** Ends what a killed test run left: its record says what runs, and its lock is free. */
export async function removeAbandonedHomes(): Promise<void> {
  for (const home of testFolders().flatMap(homesIn)) {
    let lock: Lock;
    try {
      lock = await hold(home);
    } catch (error) {
      // In use, or another run has just removed it.
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
