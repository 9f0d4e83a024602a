import { ActivityFailure, continueAsNew, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { KeepSubscriptionsInput, KeepSubscriptionsResult, ConnectionRef } from '../contract.ts';

const { listSubscribed, keepSubscribed } = proxyActivities<Activities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '30 seconds',
  // A subscription that still fails after five tries is tried again in the next pass.
  retry: { initialInterval: '2 seconds', maximumInterval: '1 minute', maximumAttempts: 5 },
});

/** After this many pages of connections a new run goes on, so that the history stays short. */
const pagesPerRun = 20;

/**
 * Keeps the subscriptions by which platforms send us events: creates those that are missing, renews those that lapse,
 * and enables those that were disabled. A scheduled pass looks at all connections, a requested one at a single
 * connection.
 * @returns how many subscriptions were created, renewed and so on. The table `subscriptions` has each of them.
 */
export async function keepSubscriptions(input: KeepSubscriptionsInput = {}): Promise<KeepSubscriptionsResult> {
  const done: Record<string, number> = { ...input.done };
  const add = (counts: KeepSubscriptionsResult): void => {
    for (const [what, count] of Object.entries(counts)) done[what] = (done[what] ?? 0) + count;
  };
  /** A connection whose platform is away does not keep the pass from looking at the others. */
  const keep = async (connection: ConnectionRef): Promise<KeepSubscriptionsResult> => {
    try {
      return await keepSubscribed(connection);
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
