import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { HousekeepingInput, HousekeepingResult } from '../contract.ts';

const { housekeep } = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  // PostgreSQL ends a batch after 10 s, and the activity sends a heartbeat after each batch.
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** After this many calls, each of some seconds, a new run goes on, so that the history stays short. */
const callsPerRun = 200;

/**
 * One pass of housekeeping: removes data that is older than its window, kind by kind. The activity decides which kinds
 * there are and in which order they come, so a new kind changes no command of a run.
 * @returns how many rows of each kind were removed. The reports have the numbers by tenant.
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
