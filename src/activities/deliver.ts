import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { calledRound } from '../deliver/called-round.ts';
import { deliver } from '../deliver/deliver.ts';
import type { DeliverDeps } from '../deliver/deps.ts';
import { firstRound, type RoundResults } from '../deliver/first-round.ts';
import type { DeliverResult } from '../deliver/result.ts';
import { normalBand, type RoundResult } from '../deliver/round.ts';
import type { DeliveryState } from '../domain/delivery.ts';
import type { DeliveryId, MessageId } from '../domain/ids.ts';
import type { Settlement } from '../store/ledger/settle.ts';
import { givenUp, tryAgain } from './failure.ts';

/** The result of the activity `deliver`. It is in histories, so its fields only ever gain optional ones. */
export type DeliverOutcome =
  | { readonly state: DeliveryState }
  /** PostgreSQL stayed away after the send: the run must write this later, by `settleOutcome`. */
  | { readonly unsettled: Settlement };

/** The activities that deliver: `src/deliver` in Temporal's terms. */
export function createDeliverActivities(deps: DeliverDeps) {
  return {
    /**
     * Takes one delivery as far as it goes now.
     * @returns the state in which it rests, or `waiting` until a signal.
     * @throws ApplicationFailure retryable with its delay where there is more to do later, non-retryable where the
     *   delivery was given up.
     */
    async deliver(id: DeliveryId): Promise<DeliverOutcome> {
      return toOutcome(await deliver(deps, id, Context.current().cancellationSignal));
    },
    /** Local activity: the first round of a whole message. */
    deliverFirst: (message: MessageId, band = normalBand, deliveries = 1): Promise<RoundResults> =>
      firstRound(deps, message, band, deliveries),
    /** Local activity: the round of one delivery that was called at its gate. */
    deliverCalled: (id: DeliveryId, band = normalBand): Promise<RoundResult | undefined> => calledRound(deps, id, band),
    /** Writes an outcome that the run carried while PostgreSQL was away. */
    async settleOutcome(settlement: Settlement): Promise<{ state: DeliveryState }> {
      const { state } = await deps.ledger.settle(settlement);
      return { state };
    },
  };
}

function toOutcome(result: DeliverResult): DeliverOutcome {
  switch (result.is) {
    case 'settled':
      return { state: result.state };
    case 'unsettled':
      return { unsettled: result.settlement };
    case 'again':
      throw tryAgain(result.text, result.afterMs);
    case 'given-up':
      throw givenUp(result.text, result.state, result.code);
    case 'missing':
      throw ApplicationFailure.nonRetryable(result.text, 'NoSuchDelivery');
  }
}
