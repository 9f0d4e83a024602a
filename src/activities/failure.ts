import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { parkedFailure, retryFailure } from '../contract.ts';

/*
 * Here, and nowhere else, what an activity decided becomes a failure of Temporal's. Texts carry our codes and counts;
 * the platform's words stay in the table `attempts`, because histories are kept longer and read by more people.
 */

/** An expected failure needs no stack trace, which would only fill the history. */
function withoutStack(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = '';
  return failure;
}

/** Temporal tries the activity again after the delay. The server adds no event for it. */
export function tryAgain(text: string, delayMs: number): ApplicationFailure {
  return withoutStack(
    ApplicationFailure.create({
      message: text,
      type: retryFailure,
      // A delay of 0 would end the activity.
      nextRetryDelay: Math.max(1, Math.ceil(delayMs)),
      category: ApplicationFailureCategory.BENIGN,
    }),
  );
}

/** The delivery rests until an operator acts. */
export function givenUp(text: string, state: 'parked' | 'uncertain', code: string): ApplicationFailure {
  return withoutStack(
    ApplicationFailure.create({
      message: text,
      type: parkedFailure,
      nonRetryable: true,
      category: ApplicationFailureCategory.BENIGN,
      details: [{ state, code }],
    }),
  );
}
