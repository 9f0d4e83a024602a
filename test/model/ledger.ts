import {
  dependsUntilOf,
  earliest,
  expiryOf,
  graceMs,
  startsAt,
  type Instant,
  type Intent,
} from '../../src/domain/clocks.ts';
import type { DeliveryState } from '../../src/domain/delivery.ts';
import type { AttemptId, DeliveryId } from '../../src/domain/ids.ts';
import { claim, fail, release, succeed } from './ledger-attempt.ts';
import {
  absent,
  call,
  cancel,
  endHold,
  expire,
  found,
  lookUp,
  rest,
  retry,
  waitAtGate,
  waitForTurn,
} from './ledger-moves.ts';
import type { Verdict } from '../../src/domain/step.ts';

/**
 * A delivery of the ledger as a pure state machine: how each named transition changes it. It specifies the statements
 * in `store/`; a test sends the same events to both and compares the rows.
 */
export interface Delivery {
  readonly id: DeliveryId;
  readonly intent: Intent;
  readonly state: DeliveryState;
  /** The delivery's conversation at its destination; null when no order is kept. */
  readonly lane: string | null;
  readonly sequence: number;
  readonly attempts: number;
  readonly maxAttempts: number;
  /** Number of attempts before this retry cycle, which began with the first attempt or with a manual retry. */
  readonly cycleStart: number;
  /** Whether the retry policy or an operator asked for the next attempt. */
  readonly trigger: 'auto' | 'manual';
  readonly deadlineAt: Instant | null;
  /** Since when a wait has stopped the deadline; null when the deadline is running. */
  readonly clockStoppedAt: Instant | null;
  readonly nextAttemptAt: Instant | null;
  /** End of the platform's Retry-After. Even a manual retry does not send earlier. */
  readonly notBefore: Instant | null;
  /** The time at which the delivery is overdue and the sweep looks after it. */
  readonly dueAt: Instant | null;
  readonly settledAt: Instant | null;
  readonly claim: { readonly token: AttemptId; readonly until: Instant } | null;
  readonly pinnedVersion: number | null;
  /** Number of posts into which the text is split, pinned with the version; null when it is not split. */
  readonly parts: number | null;
  /** Number of parts that have arrived. */
  readonly part: number;
  /** Set when an attempt may have arrived: since when, and until when its request can still take effect. */
  readonly doubt: { readonly since: Instant; readonly until: Instant } | null;
  /** The time at which a first look-up found nothing. */
  readonly absentAt: Instant | null;
  readonly cancelRequestedAt: Instant | null;
  readonly receipts: readonly Receipt[];
  readonly doubled: boolean;
  readonly late: boolean;
  /** How long those behind this delivery wait when it parks; null lets them pass. A cancel sets it to null. */
  readonly holdForMs: number | null;
  /** From when until when those behind this delivery in its lane wait. A retry keeps it. */
  readonly hold: { readonly since: Instant; readonly until: Instant } | null;
  /** Name of the gate at which the delivery waits. */
  readonly gate: string | null;
  readonly slotAt: Instant | null;
  readonly tries: readonly Try[];
}

export interface Receipt {
  /** Id of the attempt, or `look-up` when a look-up found the post. */
  readonly attempt: string;
  readonly nativeId: string;
  readonly version: number;
  /** Number of the part, from 1. */
  readonly part: number;
}

/** One attempt, like a row of the table `attempts`. */
export interface Try {
  readonly token: AttemptId;
  readonly number: number;
  readonly trigger: 'auto' | 'manual';
  readonly outcome: Outcome | 'delivered' | 'stopped' | null;
  /** Whether the outcome came after the claim was gone. */
  readonly late: boolean;
  /** Number of the part that the attempt sent, from 1; null when the text is not split. */
  readonly part: number | null;
}

type Outcome = 'transient' | 'ambiguous' | 'permanent' | 'unknown';

/** The named transitions of `delivery.ts`, and the other events that change the next decision. */
export type LedgerEvent =
  | {
      readonly do: 'claim';
      readonly token: AttemptId;
      readonly version: number;
      readonly timeoutMs: number;
      /** Number of parts that had arrived when the attempt prepared its request. Default: 0. */
      readonly part?: number;
      /** Number of parts into which the attempt would split the text. */
      readonly parts?: number | null;
    }
  /** An attempt succeeded. The success is late when the claim is gone. */
  | {
      readonly do: 'deliver';
      readonly token: AttemptId;
      readonly nativeId: string;
      readonly version: number;
      /** Number of the part, from 1. Default: 1. */
      readonly part?: number;
    }
  /** An attempt failed. The outcome is `unknown` when its process died and the claim ran out. */
  | {
      readonly do: 'fail';
      readonly token: AttemptId;
      readonly outcome: Outcome;
      readonly verdict: Verdict;
      readonly retryAfterMs?: number;
      /** Whether a look-up can end a doubt. A cancelled delivery is then still looked up. */
      readonly canLookUp?: boolean;
    }
  | { readonly do: 'release'; readonly token: AttemptId }
  | { readonly do: 'wait-turn' | 'call' | 'look-up' | 'expire' | 'retry' | 'cancel' | 'end-hold' }
  | { readonly do: 'wait-gate'; readonly gate: string; readonly isBreaker: boolean }
  | { readonly do: 'rest'; readonly state: 'parked' | 'uncertain' | 'skipped' | 'expired' | 'cancelled' }
  | { readonly do: 'absent'; readonly final: boolean; readonly part?: number }
  | { readonly do: 'found'; readonly nativeId: string; readonly version: number; readonly part?: number };

/** Returns a delivery as it is in the answer to the request that created it. */
export function accepted(id: DeliveryId, intent: Intent, lane: string | null, sequence: number): Delivery {
  return {
    id,
    intent,
    state: 'queued',
    lane,
    sequence,
    attempts: 0,
    maxAttempts: intent.policy.maxAttempts,
    cycleStart: 0,
    trigger: 'auto',
    deadlineAt: null,
    clockStoppedAt: null,
    nextAttemptAt: null,
    notBefore: null,
    dueAt: earliest(expiryOf(intent), startsAt(intent) + graceMs.accepted),
    settledAt: null,
    claim: null,
    pinnedVersion: null,
    parts: null,
    part: 0,
    doubt: null,
    absentAt: null,
    cancelRequestedAt: null,
    receipts: [],
    doubled: false,
    late: false,
    holdForMs: lane === null ? null : intent.holdForMs,
    hold: null,
    gate: null,
    slotAt: null,
    tries: [],
  };
}

/**
 * Returns a delivery after an event. An event that does not fit the state changes nothing and returns the same object,
 * because every event may come twice, late, or from a process that was taken for dead.
 * @param others the deliveries of its lane and the one on which it depends; the delivery itself may be among them.
 */
export function reduce(
  delivery: Delivery,
  event: LedgerEvent,
  now: Instant,
  others: readonly Delivery[] = [],
): Delivery {
  switch (event.do) {
    case 'claim':
      return claim(delivery, event, now, others);
    case 'deliver':
      return succeed(delivery, event, now);
    case 'fail':
      return fail(delivery, event, now, others);
    case 'release':
      return release(delivery, event.token, now);
    case 'wait-turn':
      return waitForTurn(delivery, dependsUntilOf(delivery.intent), now);
    case 'wait-gate':
      return waitAtGate(delivery, event, now);
    case 'call':
      return call(delivery, now);
    case 'rest':
      return rest(delivery, event.state, now, others);
    case 'expire':
      return expire(delivery, now, others);
    case 'look-up':
      return lookUp(delivery, now);
    case 'absent':
      return absent(delivery, event, now);
    case 'found':
      return found(delivery, event, now);
    case 'retry':
      return retry(delivery, now, others);
    case 'cancel':
      return cancel(delivery, now);
    case 'end-hold':
      return endHold(delivery, now);
  }
}
