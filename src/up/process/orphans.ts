import { isRunning } from './process-identity.ts';
import { stopOrder, stopSteps } from '../roles.ts';
import { readRunRecord, type RunningChild, writeRunRecord } from './run-record.ts';
import { stopProcess } from './stop-process.ts';

/**
 * An orphan gets at most this long to finish its last request, because a person waits for the start. The ledger
 * recovers what is cut off.
 */
const orphanGraceMs = 15_000;

/**
 * Stops the processes that an earlier supervisor of this home left running. Resolves when all of them are gone. The
 * caller must hold the home's lock, so that no living supervisor owns them.
 * @returns the processes that were still alive.
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
