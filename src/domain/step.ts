import { isOpen, type DeliveryState } from './delivery.ts';
import type { GaveUp } from './failure.ts';
import { shutGate, type GateView, type Shut } from './gate.ts';

/** What the ledger says about one delivery. Times are relative to the database's clock, in milliseconds. */
export interface LedgerView {
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly maxAttempts: number;
  /** Time left of the claim while `sending`; zero or less if it has lapsed. */
  readonly claimMs: number | null;
  /** Time until the next attempt is due or the platform's Retry-After is over, whichever is later. */
  readonly notBeforeMs: number | null;
  /**
   * Time left until the deadline, which stops while the delivery waits for its turn or at a gate, but not behind an
   * open breaker. Null before the first attempt, or without a deadline.
   */
  readonly deadlineMs: number | null;
  /** Time since the first attempt that may have arrived; null if none may have. */
  readonly inDoubtMs: number | null;
  /** Time until that attempt's request can no longer take effect. */
  readonly doubtMs: number | null;
  /** Time since a first look-up found nothing. */
  readonly absentMs: number | null;
  /** Another delivery of its lane is before it, is being sent, or holds the lane. */
  readonly isBehind: boolean;
  /** It was cancelled. If an attempt may have arrived, it is still looked up. */
  readonly isCancelled: boolean;
  /**
   * An operator granted this retry cycle knowing that an earlier attempt may have arrived, and no attempt of this cycle
   * may have.
   */
  readonly isManual: boolean;
  /** Time left until it expires; null if it never does. */
  readonly expiresMs: number | null;
  /** It also expires when its attempts or its time are used up, because no operator should have to look at it. */
  readonly isBestEffort: boolean;
  /** The gates of its destination and connection that are not simply open. */
  readonly gates: readonly GateView[];
}

/** The connector's recovery class for this delivery; see `connectors/contract/connector.ts`. */
export type RecoveryClassView =
  { readonly kind: 'A'; readonly memoryMs: number } | { readonly kind: 'B' } | { readonly kind: 'C' };

/**
 * What a destination wants for recovery class C when an attempt may have arrived: send again, or stop as `uncertain`.
 */
export type AmbiguousPolicy = 'at-least-once' | 'at-most-once';

/** A retry cycle has no attempt left, or no time. */
type UsedUp = Exclude<GaveUp, 'permanent'>;

/** The one thing to do next with a delivery. */
export type Step =
  | { readonly do: 'nothing' }
  /** Look again after `ms`. No attempt is spent. */
  | { readonly do: 'pause'; readonly ms: number; readonly why: 'claim-live' | 'not-due' | 'doubt' | 'second-look' }
  /** A process died with this claim. Settle it as ambiguous, then look again. */
  | { readonly do: 'lapse' }
  | { readonly do: 'wait-turn' }
  | { readonly do: 'wait-gate'; readonly shut: Shut }
  /** With `gaveUp` the attempts or the time of a best-effort message are used up; without it the message expired. */
  | { readonly do: 'expire'; readonly gaveUp?: UsedUp }
  | { readonly do: 'cancel' }
  | { readonly do: 'look-up'; readonly final: boolean }
  | { readonly do: 'park'; readonly code: UsedUp }
  | {
      readonly do: 'doubt';
      readonly code: 'may_have_arrived' | 'expired_in_doubt' | 'cancelled_in_doubt';
      readonly gaveUp?: UsedUp;
    }
  | { readonly do: 'send' };

/** The time between two look-ups. Both must find nothing before the message is taken to be absent. */
export const secondLookMs = 2_000;

/**
 * Decides the next step from the ledger alone. A second run of the same message therefore comes to the same step and
 * does no harm, because the claim lets only one of them send.
 */
export function nextStep(view: LedgerView, recoveryClass: RecoveryClassView, policy: AmbiguousPolicy): Step {
  if (!isOpen(view.state)) return { do: 'nothing' };
  if (view.state === 'sending') {
    const left = view.claimMs ?? 0;
    return left > 0 ? { do: 'pause', ms: left, why: 'claim-live' } : { do: 'lapse' };
  }
  // A look-up can still resolve the doubt, and it spends no attempt.
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
    const gaveUp = usedUp(view);
    if (gaveUp !== undefined) {
      if (!view.isBestEffort) return { do: 'park', code: gaveUp };
      return isInDoubt ? { do: 'doubt', code: 'expired_in_doubt', gaveUp } : { do: 'expire', gaveUp };
    }
  }
  const shut = shutGate(view.gates);
  if (shut !== undefined) return { do: 'wait-gate', shut };
  if (canLookUp) return lookUpStep(view);
  // After `memoryMs` the platform no longer folds a double, so A becomes C.
  const isForgotten = recoveryClass.kind === 'A' && (view.inDoubtMs ?? 0) > recoveryClass.memoryMs;
  const mayDouble = isInDoubt && (recoveryClass.kind === 'C' || isForgotten);
  if (mayDouble && policy === 'at-most-once' && !view.isManual) return { do: 'doubt', code: 'may_have_arrived' };
  return { do: 'send' };
}

function usedUp({ attempts, maxAttempts, deadlineMs }: LedgerView): UsedUp | undefined {
  if (attempts >= maxAttempts) return 'attempts_exhausted';
  return deadlineMs !== null && deadlineMs <= 0 ? 'deadline_exceeded' : undefined;
}

function lookUpStep({ doubtMs, absentMs }: LedgerView): Step {
  if (doubtMs !== null && doubtMs > 0) return { do: 'pause', ms: doubtMs, why: 'doubt' };
  if (absentMs === null) return { do: 'look-up', final: false };
  if (absentMs < secondLookMs) return { do: 'pause', ms: secondLookMs - absentMs, why: 'second-look' };
  return { do: 'look-up', final: true };
}

/** The state of a delivery after a failed attempt. */
export type Verdict =
  | { readonly state: 'retrying'; readonly delayMs: number; readonly inDoubt: boolean }
  | {
      readonly state: 'parked';
      readonly why: GaveUp;
      readonly inDoubt: boolean;
    }
  | { readonly state: 'uncertain'; readonly inDoubt: true };

/** A failed attempt, with the state of its delivery. Durations are in milliseconds. */
export interface FailedAttempt {
  readonly kind: 'transient' | 'ambiguous' | 'permanent';
  /** Attempts made, including this one. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** The wait before another attempt; see `nextDelayMs`. */
  readonly delayMs: number;
  readonly deadlineMs: number | null;
  /** An earlier attempt may have arrived. */
  readonly wasInDoubt: boolean;
  /** It expires instead of being parked. `nextStep`, which runs next, does that. */
  readonly isBestEffort: boolean;
}

/**
 * Decides what a failed attempt makes of its delivery. If the next attempt would come after the deadline, for example
 * because of a long Retry-After, the delivery parks at once.
 */
export function judge(failed: FailedAttempt, recoveryClass: RecoveryClassView, policy: AmbiguousPolicy): Verdict {
  const inDoubt = failed.wasInDoubt || failed.kind === 'ambiguous';
  if (failed.kind === 'permanent') return { state: 'parked', why: 'permanent', inDoubt };
  if (failed.kind === 'ambiguous' && recoveryClass.kind === 'C' && policy === 'at-most-once')
    return { state: 'uncertain', inDoubt: true };
  const again = { state: 'retrying', delayMs: failed.delayMs, inDoubt } as const;
  // A look-up can resolve the doubt even if no further attempt is allowed, because it spends none.
  if (inDoubt && recoveryClass.kind === 'B') return again;
  if (failed.isBestEffort && failed.attempts >= failed.maxAttempts) return { ...again, delayMs: 1 };
  if (failed.isBestEffort) return again;
  if (failed.attempts >= failed.maxAttempts) return { state: 'parked', why: 'attempts_exhausted', inDoubt };
  if (failed.deadlineMs !== null && failed.delayMs > failed.deadlineMs)
    return { state: 'parked', why: 'deadline_exceeded', inDoubt };
  return again;
}
