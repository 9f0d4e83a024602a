import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { DeliveryState } from '../domain/delivery.ts';
import type { Reason } from '../domain/failure.ts';
import { parkedFailure, retryFailure } from '../contract.ts';

/**
 * The one place where what the ledger decided becomes a failure of Temporal's. Texts carry our code, the count and the
 * status; the platform's words stay in `attempts`, because histories are kept longer and read by more people.
 */

/** An expected outcome is no defect: where in our code it was made tells nobody anything, and fills the history. */
function withoutStack(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = '';
  return failure;
}

/** Tried again after the delay; the server makes no event of it. */
export function tryAgain(text: string, delayMs: number): ApplicationFailure {
  return withoutStack(
    ApplicationFailure.create({
      message: text,
      type: retryFailure,
      nextRetryDelay: Math.max(1, Math.ceil(delayMs)),
      category: ApplicationFailureCategory.BENIGN,
    }),
  );
}

/** At rest until somebody acts. */
export function parked(text: string, state: DeliveryState, reason: Reason): ApplicationFailure {
  return withoutStack(
    ApplicationFailure.create({
      message: text,
      type: parkedFailure,
      nonRetryable: true,
      category: ApplicationFailureCategory.BENIGN,
      details: [{ state, code: reason.code, ...(reason.status === undefined ? {} : { status: reason.status }) }],
    }),
  );
}
