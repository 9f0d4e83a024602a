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
 * The ledger as a pure state machine: what each named transition makes of one delivery. It is the specification of the
 * statements in `store/`; a test drives both with the same events and compares the rows.
 */
export interface Delivery {
  readonly id: DeliveryId;
  readonly intent: Intent;
  readonly state: DeliveryState;
  /** Its conversation at its destination; null where no order is kept. */
  readonly lane: string | null;
  readonly sequence: number;
  readonly attempts: number;
  readonly maxAttempts: number;
  /** Attempts made before this round; a retry by an operator begins another one. */
  readonly cycleStart: number;
  /** Who asked for the next attempt. */
  readonly trigger: 'auto' | 'manual';
  readonly deadlineAt: Instant | null;
  /** Since when a wait stops the deadline. */
  readonly clockStoppedAt: Instant | null;
  readonly nextAttemptAt: Instant | null;
  /** The platform's Retry-After: not even a manual retry goes earlier. */
  readonly notBefore: Instant | null;
  /** By when something should have happened to it; the sweep looks then. */
  readonly dueAt: Instant | null;
  readonly settledAt: Instant | null;
  readonly claim: { readonly token: AttemptId; readonly until: Instant } | null;
  readonly pinnedVersion: number | null;
  /** How many posts it is split into, pinned with the version; null where it is not split. */
  readonly parts: number | null;
  /** How many of them have arrived. */
  readonly part: number;
  /** An attempt may have arrived: since when, and until when it still could. */
  readonly doubt: { readonly since: Instant; readonly until: Instant } | null;
  /** When a first look-up found nothing. */
  readonly absentAt: Instant | null;
  readonly cancelRequestedAt: Instant | null;
  readonly receipts: readonly Receipt[];
  readonly doubled: boolean;
  readonly late: boolean;
  /** How long those behind it wait when it parks; null lets them pass. A cancel takes it away. */
  readonly holdForMs: number | null;
  /** Since and until when those behind it in its lane wait; kept over retries. */
  readonly hold: { readonly since: Instant; readonly until: Instant } | null;
  /** The scope that it waits for. */
  readonly gate: string | null;
  readonly slotAt: Instant | null;
  readonly tries: readonly Try[];
}

export interface Receipt {
  /** The attempt's, or `look-up`. */
  readonly attempt: string;
  readonly nativeId: string;
  readonly version: number;
  /** From 1. */
  readonly part: number;
}

/** One attempt, as `attempts` has it. */
export interface Try {
  readonly token: AttemptId;
  readonly number: number;
  readonly trigger: 'auto' | 'manual';
  readonly outcome: Outcome | 'delivered' | 'stopped' | null;
  /** Its outcome came after somebody else had decided. */
  readonly late: boolean;
  /** The part that it sent, from 1; null where it is not split. */
  readonly part: number | null;
}

type Outcome = 'transient' | 'ambiguous' | 'permanent' | 'unknown';

/** The named transitions of `delivery.ts`, and what else changes what is decided next. */
export type LedgerEvent =
  | {
      readonly do: 'claim';
      readonly token: AttemptId;
      readonly version: number;
      readonly timeoutMs: number;
      /** How many parts had arrived when what it sends was made; none where it is not said. */
      readonly part?: number;
      /** Into how many it would split it. */
      readonly parts?: number | null;
    }
  /** An attempt got through; late where its claim is gone. */
  | {
      readonly do: 'deliver';
      readonly token: AttemptId;
      readonly nativeId: string;
      readonly version: number;
      /** From 1, which is meant where it is not said. */
      readonly part?: number;
    }
  /** An attempt failed; `unknown` when its process died and the claim lapsed. */
  | {
      readonly do: 'fail';
      readonly token: AttemptId;
      readonly outcome: Outcome;
      readonly verdict: Verdict;
      readonly retryAfterMs?: number;
      /** A look-up can clear up a doubt, and still does so when nobody wants the message any more. */
      readonly canLookUp?: boolean;
    }
  | { readonly do: 'release'; readonly token: AttemptId }
  | { readonly do: 'wait-turn' | 'call' | 'look-up' | 'expire' | 'retry' | 'cancel' | 'end-hold' }
  | { readonly do: 'wait-gate'; readonly scope: string; readonly isBreaker: boolean }
  | { readonly do: 'rest'; readonly state: 'parked' | 'uncertain' | 'skipped' | 'expired' | 'cancelled' }
  | { readonly do: 'absent'; readonly final: boolean; readonly part?: number }
  | { readonly do: 'found'; readonly nativeId: string; readonly version: number; readonly part?: number };

/** As it stands in the answer to the post. */
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
 * What an event makes of a delivery. One that does not fit its state changes nothing, and returns the same object: each
 * may come twice, late, or from a process that was thought dead.
 * @param others those of its lane and what it depends on; itself among them does no harm.
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
