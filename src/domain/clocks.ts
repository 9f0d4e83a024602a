import { bestEffortMs, type DeliveryClassName } from './delivery-class.ts';
import { isFinal, isParked, type DeliveryState } from './delivery.ts';
import type { RetryPolicy } from './retry.ts';

/** Milliseconds on one clock, the database's. Infinity is "until somebody acts". */
export type Instant = number;

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

/** How long each clock runs where nobody says otherwise. The table in docs/architecture.md; a test compares them. */
export const usualClocks = {
  /** Behind a request's time-out, until its claim may be taken over. */
  claimMarginMs: 2 * second,
  /** A reply waits for its parent, then goes out by itself. */
  threadWaitMs: 5 * minute,
  /** Those behind a parked delivery of their lane wait. */
  holdMs: 5 * minute,
  /** A run stays open for what is parked. */
  parkedMs: 7 * day,
  /** A key is known at least. */
  dedupeMs: 7 * day,
  bestEffortMs,
  /** A longer Retry-After is taken for a mistake; the longest retry policy ends after four days. */
  longestRetryAfterMs: 7 * day,
} as const;

/**
 * How long after something should have happened the sweep looks, since the run that should do it may be gone, or the
 * signal that should wake it lost: `dueAt` of each way into an open state.
 */
export const graceMs = {
  accepted: 30 * second,
  claimed: 8 * second,
  failed: 5 * second,
  released: 2 * second,
  turn: 30 * second,
  /** Nobody knows the end of such a wait; its gate calls it. */
  gate: 10 * minute,
  called: 30 * second,
  /** A command of an operator, of which the run is told by a signal. */
  commanded: 5 * second,
} as const;

/** What was promised of a delivery when its message was accepted. */
export interface Intent {
  readonly policy: RetryPolicy;
  readonly class: DeliveryClassName | null;
  readonly acceptedAt: Instant;
  readonly sendAt: Instant | null;
  /** As the message asks. */
  readonly expiresAt: Instant | null;
  /** How long those behind it wait when it parks; Infinity is `forever`, null lets them pass. */
  readonly holdForMs: number | null;
  /** The delivery that it edits, deletes or replies to. */
  readonly dependsOn: string | null;
  /** It goes out by itself when its parent does not come. */
  readonly isReply: boolean;
}

/** What the clocks of a delivery depend on. */
export interface Clocked {
  readonly intent: Intent;
  readonly state: DeliveryState;
  readonly claim: { readonly until: Instant } | null;
  /** When the backoff after the last failed attempt is over. */
  readonly nextAttemptAt: Instant | null;
  /** When the platform's Retry-After is over. */
  readonly notBefore: Instant | null;
  readonly deadlineAt: Instant | null;
  /** Since when a wait stops the deadline. */
  readonly clockStoppedAt: Instant | null;
  /** Until when a request whose answer was lost can still take effect. */
  readonly doubt: { readonly until: Instant } | null;
  readonly hold: { readonly until: Instant } | null;
  readonly settledAt: Instant | null;
}

/** All clocks of one delivery. Null: it does not run; Infinity: it never ends by itself. */
export interface Clocks {
  /** The attempt that is under way may still write. */
  readonly claimUntil: Instant | null;
  readonly expiresAt: Instant | null;
  /** Nothing is sent before: the backoff or the platform's Retry-After, whichever is later. */
  readonly nextAttemptAt: Instant | null;
  readonly dependsUntil: Instant | null;
  /** It is given up. */
  readonly deadlineAt: Instant | null;
  /** A request whose answer was lost can still take effect. */
  readonly doubtUntil: Instant | null;
  /** Those behind it in its lane wait. */
  readonly holdUntil: Instant | null;
  readonly runClosesAt: Instant | null;
  readonly keyUntil: Instant;
}

/**
 * Every clock of a delivery, in the order in which `nextStep` asks them: what runs out first in this list wins, whatever
 * the others say. A time limit of a promise (`expiresAt`) never stops; the deadline stands still in a wait that is nobody's fault.
 */
export function clocksOf(delivery: Clocked, now: Instant): Clocks {
  const { intent, state } = delivery;
  const needsOperator = isParked(state);
  return {
    claimUntil: delivery.claim?.until ?? null,
    expiresAt: expiryOf(intent),
    nextAttemptAt: latest(delivery.nextAttemptAt, delivery.notBefore),
    dependsUntil: dependsUntilOf(intent),
    deadlineAt: runningDeadline(delivery, now),
    doubtUntil: delivery.doubt?.until ?? null,
    holdUntil: needsOperator ? (delivery.hold?.until ?? null) : null,
    runClosesAt: needsOperator && delivery.settledAt !== null ? runClosesAt(intent, delivery.settledAt) : null,
    keyUntil: isFinal(state) ? intent.acceptedAt + usualClocks.dedupeMs : Infinity,
  };
}

/** When it takes its place: scheduled sends at their time. */
export function startsAt({ acceptedAt, sendAt }: Intent): Instant {
  return Math.max(acceptedAt, sendAt ?? acceptedAt);
}

/** The earlier of what the message asks and what its class grants. */
export function expiryOf(intent: Intent): Instant | null {
  const granted = intent.class === 'best-effort' ? startsAt(intent) + bestEffortMs : null;
  return earliest(intent.expiresAt, granted);
}

/** An edit or delete waits for its original without an end; a reply not. */
export function dependsUntilOf(intent: Intent): Instant | null {
  if (intent.dependsOn === null) return null;
  return intent.isReply ? startsAt(intent) + usualClocks.threadWaitMs : Infinity;
}

/** The deadline, moved on by a wait that does not count against it and would end now. */
export function runningDeadline(
  { deadlineAt, clockStoppedAt }: Pick<Clocked, 'deadlineAt' | 'clockStoppedAt'>,
  now: Instant,
): Instant | null {
  return deadlineAt === null ? null : deadlineAt + (clockStoppedAt === null ? 0 : now - clockStoppedAt);
}

/** It runs from now on: moved on by a wait that ends now, or begun. */
export function startedDeadline(delivery: Clocked, now: Instant): Instant | null {
  const { deadlineMs } = delivery.intent.policy;
  return runningDeadline(delivery, now) ?? (deadlineMs === null ? null : now + deadlineMs);
}

function runClosesAt(intent: Intent, settledAt: Instant): Instant {
  return intent.class === 'must' ? Infinity : settledAt + usualClocks.parkedMs;
}

export function earliest(...times: readonly (Instant | null)[]): Instant | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

export function latest(...times: readonly (Instant | null)[]): Instant | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}
