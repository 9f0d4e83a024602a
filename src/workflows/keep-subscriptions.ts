import { ActivityFailure, continueAsNew, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { KeepSubscriptionsInput, KeepSubscriptionsResult, ConnectionRef } from '../contract.ts';

const { listSubscribed, keepSubscribed } = proxyActivities<Activities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '30 seconds',
  // What still fails then is tried again by the next pass.
  retry: { initialInterval: '2 seconds', maximumInterval: '1 minute', maximumAttempts: 5 },
});

/** Pages of one run, each of some connections; then a new run goes on, so that no history grows long. */
const pagesPerRun = 20;

/**
 * Keeps what platforms send us events by: makes what is missing, renews what lapses, switches on what was switched off.
 * A pass looks at all connections, one that was asked for at its own.
 * @returns how many were created, renewed, …; each by itself stands in the table of subscriptions.
 */
export async function keepSubscriptions(input: KeepSubscriptionsInput = {}): Promise<KeepSubscriptionsResult> {
  const done: Record<string, number> = { ...input.done };
  const add = (counts: KeepSubscriptionsResult): void => {
    for (const [what, count] of Object.entries(counts)) done[what] = (done[what] ?? 0) + count;
  };
  /** One connection whose platform is away keeps no other from its look. */
  const keep = async (place: ConnectionRef): Promise<KeepSubscriptionsResult> => {
    try {
      return await keepSubscribed(place);
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      return { connectionsFailed: 1 };
    }
  };
  if (input.only !== undefined) {
    add(await keep(input.only));
    return done;
  }
  let { after } = input;
  for (let page = 0; page < pagesPerRun; page += 1) {
    const { places, next } = await listSubscribed(after);
    (await Promise.all(places.map(keep))).forEach(add);
    if (next === null) return done;
    after = next;
  }
  return continueAsNew<typeof keepSubscriptions>({ ...(after === undefined ? {} : { after }), done });
}
