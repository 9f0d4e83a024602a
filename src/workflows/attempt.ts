import { ActivityCancellationType, ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { DeliveryState } from '../domain/delivery.ts';
import { parkedFailure, retryFailure, type RunDelivery } from './contract.ts';

/** Behind the request's time-out and the claim's deadline (+ 2 s), so that no second attempt starts while one may write. */
const startToCloseMarginMs = 5_000;

const { settleOutcome } = proxyActivities<Activities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

/**
 * All attempts of one delivery until it rests or must wait for a signal. Retries are Temporal's, without a limit of its
 * own and without an event each: the activity's failure says when, and the ledger counts.
 */
export async function attempt(delivery: RunDelivery): Promise<DeliveryState> {
  const { deliver } = proxyActivities<Activities>({
    startToCloseTimeout: delivery.timeoutMs + startToCloseMarginMs,
    // For what carries no delay of its own: a worker that died, a store that is away.
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 seconds' },
    // A running attempt is never torn off: a wish waits for its end, and what got through counts.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary: delivery.destination,
  });
  try {
    const outcome = await deliver(delivery.id);
    if ('unsettled' in outcome) return (await settleOutcome(outcome.unsettled)).state;
    return outcome.state;
  } catch (error) {
    if (!(error instanceof ActivityFailure && error.cause instanceof ApplicationFailure)) throw error;
    const { type, details } = error.cause;
    if (type === parkedFailure) return (details?.[0] as { state: DeliveryState } | undefined)?.state ?? 'parked';
    if (type === retryFailure) return 'retrying'; // a wish withdrew it just when it failed
    throw error;
  }
}
