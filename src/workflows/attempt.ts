import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
  proxyLocalActivities,
  TemporalFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { DeliveryState } from '../domain/delivery.ts';
import type { RoundResult } from '../deliver/round.ts';
import type { MessageId } from '../domain/ids.ts';
import { parkedFailure, retryFailure, type RunDelivery } from '../contract.ts';

/**
 * Behind the request's time-out and the claim's deadline (+ 2 s), so that no second attempt starts while one may write.
 * Before the claim it waits up to 2 s each for files, for a slot of a rate, and for who is who.
 */
const startToCloseMarginMs = 10_000;

const { settleOutcome } = proxyActivities<Activities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

const { deliverFirst, deliverCalled } = proxyLocalActivities<Activities>({
  // Within a workflow task's 10 s; the round itself ends after 2 s.
  startToCloseTimeout: '8 seconds',
  retry: { maximumAttempts: 1 },
});

/** What a round made of a delivery; a promise where PostgreSQL was away and it must be written first. */
export interface Known {
  readonly state: DeliveryState | Promise<DeliveryState>;
  readonly note?: string;
}

/**
 * The first round of the whole message at once. What it did not try, or could not finish, is left to `attempt`; so is
 * everything when it failed as a whole, because the ledger knows what it did.
 */
export async function firstRound(
  message: MessageId,
  deliveries: number,
  band?: number,
): Promise<ReadonlyMap<string, Known>> {
  const outcomes = (await inTask(() => deliverFirst(message, band, deliveries))) ?? {};
  return new Map(Object.entries(outcomes).map(([delivery, outcome]) => [delivery, knownOf(outcome)]));
}

/** The round of one that waited and was called. Undefined where it did not end there: it is left to `attempt`. */
export async function calledRound(delivery: RunDelivery, band?: number): Promise<Known | undefined> {
  const outcome = await inTask(() => deliverCalled(delivery.id, band));
  return outcome && knownOf(outcome);
}

/** Undefined where it failed as a whole: the ledger knows what it did. */
async function inTask<T>(round: () => Promise<T>): Promise<T | undefined> {
  try {
    return await round();
  } catch (error) {
    // A local activity's own failure comes bare, one of the server in an ActivityFailure.
    if (error instanceof TemporalFailure) return undefined;
    throw error;
  }
}

function knownOf(outcome: RoundResult): Known {
  if ('unsettled' in outcome) return { state: settleOutcome(outcome.unsettled).then(({ state }) => state) };
  return outcome;
}

/**
 * All attempts of one delivery until it rests or must wait for a signal. Retries are Temporal's, without a limit of its
 * own and without an event each: the activity's failure says when, and the ledger counts.
 */
export async function attempt(delivery: RunDelivery): Promise<DeliveryState> {
  const { deliver } = proxyActivities<Activities>({
    startToCloseTimeout: delivery.timeoutMs + startToCloseMarginMs,
    // For what carries no delay of its own: a worker that died, a store that is away.
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 seconds' },
    // A running attempt is never torn off: a command waits for its end, and what got through counts.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary: delivery.destination,
  });
  try {
    const outcome = await deliver(delivery.id);
    if ('unsettled' in outcome) return (await settleOutcome(outcome.unsettled)).state;
    return outcome.state;
  } catch (error) {
    // The server gives an attempt up for good only where a command had withdrawn it: the ledger says what became of it.
    if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure) return 'retrying';
    if (!(error instanceof ActivityFailure && error.cause instanceof ApplicationFailure)) throw error;
    const { type, details } = error.cause;
    if (type === parkedFailure) return (details?.[0] as { state: DeliveryState } | undefined)?.state ?? 'parked';
    if (type === retryFailure) return 'retrying'; // a command withdrew it just when it failed
    throw error;
  }
}
