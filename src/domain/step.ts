import { isOpen, type DeliveryState } from './delivery.ts';
import { shutGate, type GateView, type Shut } from './gate.ts';

/** What the ledger says of one delivery, in times relative to the database's clock. Milliseconds. */
export interface LedgerView {
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly maxAttempts: number;
  /** Time left of the claim while `sending`; zero or less when it lapsed. */
  readonly claimMs: number | null;
  /** Time until the next attempt is due, or until the platform's Retry-After is over, whichever is later. */
  readonly notBeforeMs: number | null;
  /** Time left until the deadline, which stands still in waits that are nobody's fault; null before the first attempt, or without one. */
  readonly deadlineMs: number | null;
  /** Since when an attempt may have arrived; null when none may have. */
  readonly inDoubtMs: number | null;
  /** Time until that attempt's request can no longer take effect. */
  readonly doubtMs: number | null;
  /** Since when a first look-up found nothing. */
  readonly absentMs: number | null;
  /** Another delivery of its lane is before it, or is being sent, or holds the lane. */
  readonly isBehind: boolean;
  /** It is not wanted any more; what may have arrived is still looked up. */
  readonly isCancelled: boolean;
  /** An operator granted this round, knowing that an earlier attempt may have arrived, and none of this round may have. */
  readonly isManual: boolean;
  /** Time left until it is worth nothing any more; null where it never is. */
  readonly expiresMs: number | null;
  /** Then it expires, too, when its attempts or its time are used up: nobody is asked to look at it. */
  readonly isBestEffort: boolean;
  /** The gates of its destination and connection that are not simply open. */
  readonly gates: readonly GateView[];
}

/** As the connector says it of this target; see `connectors/contract/connector.ts`. */
export type RecoveryClassView =
  { readonly kind: 'A'; readonly memoryMs: number } | { readonly kind: 'B' } | { readonly kind: 'C' };

export type AmbiguousPolicy = 'at-least-once' | 'at-most-once';

/** The one thing to do next with a delivery. */
export type Step =
  | { readonly do: 'nothing' }
  /** Come back after so long; no attempt is spent. */
  | { readonly do: 'pause'; readonly ms: number; readonly why: 'claim-live' | 'not-due' | 'doubt' | 'second-look' }
  /** A process died with this claim: settle it as ambiguous, then look again. */
  | { readonly do: 'lapse' }
  | { readonly do: 'wait-turn' }
  | { readonly do: 'wait-gate'; readonly shut: Shut }
  | { readonly do: 'expire' | 'cancel' }
  | { readonly do: 'look-up'; readonly final: boolean }
  | { readonly do: 'park'; readonly code: 'attempts_exhausted' | 'deadline_exceeded' }
  | { readonly do: 'doubt'; readonly code: 'may_have_arrived' | 'expired_in_doubt' | 'cancelled_in_doubt' }
  | { readonly do: 'send' };

/** Between the two look-ups that must both find nothing before "absent" is believed. */
export const secondLookMs = 2_000;

/**
 * Decides from the ledger alone, so a second run of the same message does no harm: it comes to the same step, and the
 * claim lets only one of them through.
 */
export function nextStep(view: LedgerView, recoveryClass: RecoveryClassView, policy: AmbiguousPolicy): Step {
  if (!isOpen(view.state)) return { do: 'nothing' };
  if (view.state === 'sending') {
    const left = view.claimMs ?? 0;
    return left > 0 ? { do: 'pause', ms: left, why: 'claim-live' } : { do: 'lapse' };
  }
  // Only a look-up can still clear up what may have arrived, and it spends no attempt.
  const canLookUp = view.inDoubtMs !== null && recoveryClass.kind === 'B';
  const isInDoubt = view.inDoubtMs !== null;
  if (view.isCancelled && !canLookUp) return isInDoubt ? { do: 'doubt', code: 'cancelled_in_doubt' } : { do: 'cancel' };
  if (view.expiresMs !== null && view.expiresMs <= 0 && !canLookUp)
    return isInDoubt ? { do: 'doubt', code: 'expired_in_doubt' } : { do: 'expire' };
  if (view.notBeforeMs !== null && view.notBeforeMs > 0) {
    const ms = Math.min(view.notBeforeMs, Math.max(1, view.expiresMs ?? Number.POSITIVE_INFINITY));
    return { do: 'pause', ms, why: 'not-due' };
  }
  if (view.isBehind) return { do: 'wait-turn' };
  if (!canLookUp) {
    const isUsedUp = view.attempts >= view.maxAttempts;
    const isOver = view.deadlineMs !== null && view.deadlineMs <= 0;
    if (view.isBestEffort && (isUsedUp || isOver))
      return isInDoubt ? { do: 'doubt', code: 'expired_in_doubt' } : { do: 'expire' };
    if (isUsedUp) return { do: 'park', code: 'attempts_exhausted' };
    if (isOver) return { do: 'park', code: 'deadline_exceeded' };
  }
  const shut = shutGate(view.gates);
  if (shut !== undefined) return { do: 'wait-gate', shut };
  if (canLookUp) return lookUpStep(view);
  // Past its memory the peer would no longer fold a double, so A becomes C. Both may have been something else by then.
  const isForgotten = recoveryClass.kind === 'A' && (view.inDoubtMs ?? 0) > recoveryClass.memoryMs;
  const mayDouble = isInDoubt && (recoveryClass.kind === 'C' || isForgotten);
  if (mayDouble && policy === 'at-most-once' && !view.isManual) return { do: 'doubt', code: 'may_have_arrived' };
  return { do: 'send' };
}

function lookUpStep({ doubtMs, absentMs }: LedgerView): Step {
  if (doubtMs !== null && doubtMs > 0) return { do: 'pause', ms: doubtMs, why: 'doubt' };
  if (absentMs === null) return { do: 'look-up', final: false };
  if (absentMs < secondLookMs) return { do: 'pause', ms: secondLookMs - absentMs, why: 'second-look' };
  return { do: 'look-up', final: true };
}

/** What an attempt's failure makes of its delivery. */
export type Verdict =
  | { readonly state: 'retrying'; readonly delayMs: number; readonly inDoubt: boolean }
  | {
      readonly state: 'parked';
      readonly why: 'permanent' | 'attempts_exhausted' | 'deadline_exceeded';
      readonly inDoubt: boolean;
    }
  | { readonly state: 'uncertain'; readonly inDoubt: true };

export interface FailedAttempt {
  readonly kind: 'transient' | 'ambiguous' | 'permanent';
  /** Attempts made, this one included. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** Wait before another one; see `nextDelayMs`. */
  readonly delayMs: number;
  readonly deadlineMs: number | null;
  /** An earlier attempt may have arrived. */
  readonly wasInDoubt: boolean;
  /** It expires instead of being parked; see `nextStep`, which comes next. */
  readonly isBestEffort: boolean;
}

/** A failed attempt's consequence. A Retry-After that ends behind the deadline parks at once instead of waiting for it. */
export function judge(failed: FailedAttempt, recoveryClass: RecoveryClassView, policy: AmbiguousPolicy): Verdict {
  const inDoubt = failed.wasInDoubt || failed.kind === 'ambiguous';
  if (failed.kind === 'permanent') return { state: 'parked', why: 'permanent', inDoubt };
  if (failed.kind === 'ambiguous' && recoveryClass.kind === 'C' && policy === 'at-most-once')
    return { state: 'uncertain', inDoubt: true };
  const again = { state: 'retrying', delayMs: failed.delayMs, inDoubt } as const;
  // What a look-up can still clear up is looked up, even when no further attempt is allowed: it spends none.
  if (inDoubt && recoveryClass.kind === 'B') return again;
  if (failed.isBestEffort && failed.attempts >= failed.maxAttempts) return { ...again, delayMs: 1 };
  if (failed.isBestEffort) return again;
  if (failed.attempts >= failed.maxAttempts) return { state: 'parked', why: 'attempts_exhausted', inDoubt };
  if (failed.deadlineMs !== null && failed.delayMs > failed.deadlineMs)
    return { state: 'parked', why: 'deadline_exceeded', inDoubt };
  return again;
}
