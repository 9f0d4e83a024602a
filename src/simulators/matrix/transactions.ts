import type { Hook } from '../kit/simulator.ts';
import type { RoomEvent } from './rooms.ts';

/** An application service, as its registration names it (application service API, "Registration"). */
export interface Subscription {
  /** The registration's `url`. */
  readonly url: string;
  /** Its `hs_token`. */
  readonly hsToken: string;
  /** As homeservers before version 1.4 call: the token in the query, and no prefix. */
  readonly isOld?: true;
}

/** Seconds that double, at most an hour, and no end (Synapse, appservice/scheduler.py); two days are an end for us. */
const schedule = Array.from({ length: 60 }, (_, attempt) => Math.min(2 ** attempt, 3_600) * 1_000);

/** One transaction with one event; in order, and nothing before the one before it was taken. */
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
