import { createDeliverActivities } from './deliver.ts';
import type { ActivityDeps } from './deps.ts';
import { createCatchUp } from './inbound/catch-up.ts';
import { createFetchEvent } from './inbound/fetch-event.ts';
import { createKeepSubscriptions } from './inbound/keep-subscriptions.ts';
import { createApplyCommand } from './operate/apply-command.ts';
import { createHousekeep } from './operate/housekeep.ts';
import { createWorkJob } from './operate/work-job.ts';

/** All activities of a worker, by the names that histories have for them. A name never changes. */
export function createActivities(deps: ActivityDeps) {
  return {
    ...createDeliverActivities(deps),
    // Histories of 0.1 call a command a wish.
    applyWish: createApplyCommand(deps),
    ...createCatchUp(deps),
    fetchEvent: createFetchEvent(deps),
    housekeep: createHousekeep(deps),
    ...createKeepSubscriptions(deps),
    workJob: createWorkJob(deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;
