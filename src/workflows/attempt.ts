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
 * How long an activity may take beyond the request's time-out. It is more than the claim's margin (2 s). What keeps a
 * second attempt from starting is the claim, and not this time-out. Before the claim an attempt waits up to 2 s each
 * for files, for a time slot and for the names of people.
 */
const startToCloseMarginMs = 10_000;

const { settleOutcome } = proxyActivities<Activities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

const { deliverFirst, deliverCalled } = proxyLocalActivities<Activities>({
  // A workflow task lasts 10 s at most, and the round itself ends after 2 s.
  startToCloseTimeout: '8 seconds',
  retry: { maximumAttempts: 1 },
});

/**
 * What a round made of a delivery. `state` is a promise where PostgreSQL was away and the outcome must be written
 * first.
 */
export interface Known {
  readonly state: DeliveryState | Promise<DeliveryState>;
  readonly note?: string;
}

/**
 * The first round of the whole message. A delivery that it did not try or could not finish is left to `attempt`. So are
 * all of them where the round failed as a whole, because the ledger knows what it did.
 */
export async function firstRound(
  message: MessageId,
  deliveries: number,
  band?: number,
): Promise<ReadonlyMap<string, Known>> {
  const outcomes = (await inTask(() => deliverFirst(message, band, deliveries))) ?? {};
  return new Map(Object.entries(outcomes).map(([delivery, outcome]) => [delivery, knownOf(outcome)]));
}

/** The round of a delivery that waited and was called. @returns undefined where it is left to `attempt`. */
export async function calledRound(delivery: RunDelivery, band?: number): Promise<Known | undefined> {
  const outcome = await inTask(() => deliverCalled(delivery.id, band));
  return outcome && knownOf(outcome);
}

/** @returns undefined where the round failed as a whole: the ledger knows what it did. */
async function inTask<T>(round: () => Promise<T>): Promise<T | undefined> {
  try {
    return await round();
  } catch (error) {
    // The failure of a local activity comes as it is, a failure of the server comes in an ActivityFailure.
    if (error instanceof TemporalFailure) return undefined;
    throw error;
  }
}

function knownOf(outcome: RoundResult): Known {
  if ('unsettled' in outcome) return { state: settleOutcome(outcome.unsettled).then(({ state }) => state) };
  return outcome;
}

/**
 * All attempts of one delivery, until it rests or waits for a signal. Temporal repeats the activity without limit
 * (W5). Each failure carries the delay; the ledger counts the attempts and decides which is the last.
 */
export async function attempt(delivery: RunDelivery): Promise<DeliveryState> {
  const { deliver } = proxyActivities<Activities>({
    startToCloseTimeout: delivery.timeoutMs + startToCloseMarginMs,
    // For failures without a delay of their own: a worker that died, a PostgreSQL that is away.
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 seconds' },
    // A running attempt is never interrupted: a command waits for its end, and an attempt that got through counts (W4).
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary: delivery.destination,
  });
  try {
    const outcome = await deliver(delivery.id);
    if ('unsettled' in outcome) return (await settleOutcome(outcome.unsettled)).state;
    return outcome.state;
  } catch (error) {
    // A time-out reaches the run only where a command has withdrawn the activity. The ledger says how the attempt
    // ended.
    if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure) return 'retrying';
    if (!(error instanceof ActivityFailure && error.cause instanceof ApplicationFailure)) throw error;
    const { type, details } = error.cause;
    if (type === parkedFailure) return (details?.[0] as { state: DeliveryState } | undefined)?.state ?? 'parked';
    if (type === retryFailure) return 'retrying'; // a command withdrew the activity in the moment in which it failed
    throw error;
  }
}
