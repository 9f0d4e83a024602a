import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { HousekeepingInput, HousekeepingResult } from '../contract.ts';

const { housekeep } = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  // A batch is ended by PostgreSQL after 10 s and heartbeats when it is done.
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** Calls of one run, each of some seconds; then a new run goes on, so that no history grows long. */
const callsPerRun = 200;

/**
 * One pass of housekeeping: removes what is older than its window, kind by kind, until nothing is left. What there is
 * and in which order the activity says, so a new kind changes no run's commands.
 * @returns how much of each kind was removed; by tenant it stands in the reports.
 */
export async function housekeeping(input: HousekeepingInput = {}): Promise<HousekeepingResult> {
  const pass = workflowInfo().workflowId;
  const removed: Record<string, number> = { ...input.removed };
  let { place } = input;
  for (let call = 0; call < callsPerRun; call += 1) {
    const done = await housekeep({ pass, ...(place === undefined ? {} : { place }) });
    removed[done.kind] = (removed[done.kind] ?? 0) + done.removed;
    if (done.next === null) return removed;
    place = done.next;
  }
  return continueAsNew<typeof housekeeping>({ ...(place === undefined ? {} : { place }), removed });
}
