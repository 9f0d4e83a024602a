import type { Hook } from '../kit/simulator.ts';
import type { RoomEvent } from './rooms.ts';

/** An application service, as its registration describes it (application service API, "Registration"). */
export interface Subscription {
  /** The registration's `url`. */
  readonly url: string;
  /** The registration's `hs_token`. */
  readonly hsToken: string;
  /**
   * Calls the service like a homeserver before version 1.4: with the token in the query and without the path's prefix.
   */
  readonly isOld?: true;
}

/**
 * Waits in milliseconds. They double up to an hour and never end (Synapse, appservice/scheduler.py); the simulator
 * stops after about two days.
 */
const schedule = Array.from({ length: 60 }, (_, attempt) => Math.min(2 ** attempt, 3_600) * 1_000);

/**
 * Returns a transaction with one event. Transactions go out in order, each when the one before was accepted or given
 * up.
 */
export function transactionOf(event: RoomEvent, number: number, subscription: Subscription): Hook {
  const { url, hsToken, isOld } = subscription;
  const body = JSON.stringify({ events: [{ ...event, unsigned: { age: 1 } }] });
  const below =
    isOld === true ? `/transactions/${number}?access_token=${hsToken}` : `/_matrix/app/v1/transactions/${number}`;
  const headers = {
    'content-type': 'application/json',
    ...(isOld === true ? {} : { authorization: `Bearer ${hsToken}` }),
  };
  return {
    url: url.replace(/\/$/, '') + below,
    lane: url,
    schedule,
    timeoutMs: 60_000,
    isSentAgain: () => true,
    make: () => ({ method: 'PUT', headers, body }),
  };
}
