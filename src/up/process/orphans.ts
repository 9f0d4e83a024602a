import { isRunning } from './process-identity.ts';
import { stopOrder, stopSteps } from '../roles.ts';
import { readRunRecord, type RunningChild, writeRunRecord } from './run-record.ts';
import { stopProcess } from './stop-process.ts';

/** Whoever waits for a start should not wait out an orphan's last request; the ledger heals what is cut off. */
const orphanGraceMs = 15_000;

/**
 * Stops what an earlier supervisor of this home left running, and returns when all of it is gone.
 * The caller holds the home's lock, so nobody else may have started these.
 * @returns those that were found alive.
 */
export async function stopOrphans(home: string): Promise<readonly RunningChild[]> {
  const orphans = readRunRecord(home).filter(isRunning);
  for (const group of stopOrder)
    await Promise.all(
      orphans
        .filter((orphan) => group.includes(orphan.role))
        .map((orphan) =>
          stopProcess(
            orphan,
            stopSteps[orphan.role].map((step) => ({ ...step, graceMs: Math.min(step.graceMs, orphanGraceMs) })),
          ),
        ),
    );
  writeRunRecord(home, []);
  return orphans;
}
