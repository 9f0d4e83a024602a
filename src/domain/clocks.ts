import { bestEffortMs, type DeliveryClassName } from './delivery-class.ts';
import { isFinal, isParked, type DeliveryState } from './delivery.ts';
import type { RetryPolicy } from './retry.ts';

/** Milliseconds on the database's clock. Infinity means "until an operator acts". */
export type Instant = number;

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

/** How long each clock runs by default. A test compares these values with the table in docs/architecture.md. */
export const usualClocks = {
  /** The time between a request's time-out and the end of its claim, after which another worker may take over. */
  claimMarginMs: 2 * second,
  /** How long a reply waits for its parent before it goes out on its own. */
  threadWaitMs: 5 * minute,
  /** How long the later deliveries of a lane wait behind a parked one. */
  holdMs: 5 * minute,
  /** How long a run stays open for a parked delivery. */
  parkedMs: 7 * day,
  /** The least time for which a dedupe key is kept. */
  dedupeMs: 7 * day,
  bestEffortMs,
  /** A longer Retry-After is considered a mistake. The longest retry policy ends after four days. */
  longestRetryAfterMs: 7 * day,
} as const;

/**
 * How long after an expected event the sweep looks at a delivery, because the run that should act may be gone, or the
 * signal that should wake it lost. `dueAt` of each transition into an open state is set by these.
 */
export const graceMs = {
  accepted: 30 * second,
  claimed: 8 * second,
  failed: 5 * second,
  released: 2 * second,
  turn: 30 * second,
  /** The end of such a wait is unknown. The gate calls the delivery. */
  gate: 10 * minute,
  called: 30 * second,
  /** An operator's command. A signal tells the run of it. */
  commanded: 5 * second,
} as const;

/** What was promised for a delivery when its message was accepted. */
export interface Intent {
  readonly policy: RetryPolicy;
  readonly class: DeliveryClassName | null;
  readonly acceptedAt: Instant;
  readonly sendAt: Instant | null;
  /** As the message asks. */
  readonly expiresAt: Instant | null;
  /** How long the later deliveries of the lane wait if this one parks. Infinity is `forever`; null lets them pass. */
  readonly holdForMs: number | null;
  /** The delivery that this one edits, deletes or replies to. */
  readonly dependsOn: string | null;
  /** It is a reply, so it goes out on its own if its parent does not arrive. */
  readonly isReply: boolean;
}

/** The parts of a delivery that determine its clocks. */
export interface Clocked {
  readonly intent: Intent;
  readonly state: DeliveryState;
  readonly claim: { readonly until: Instant } | null;
  /** The end of the backoff after the last failed attempt. */
  readonly nextAttemptAt: Instant | null;
  /** The end of the platform's Retry-After. */
  readonly notBefore: Instant | null;
  readonly deadlineAt: Instant | null;
  /** When a wait stopped the deadline; null while the deadline runs. */
  readonly clockStoppedAt: Instant | null;
  /** Until then, a request whose answer was lost can still take effect. */
  readonly doubt: { readonly until: Instant } | null;
  readonly hold: { readonly until: Instant } | null;
  readonly settledAt: Instant | null;
}

/** All clocks of one delivery. Null means that a clock does not run, Infinity that it never ends on its own. */
export interface Clocks {
  /** Until then, the attempt under way may still write. */
  readonly claimUntil: Instant | null;
  readonly expiresAt: Instant | null;
  /** Nothing is sent before this time: the backoff or the platform's Retry-After, whichever is later. */
  readonly nextAttemptAt: Instant | null;
  readonly dependsUntil: Instant | null;
  /** At this time the delivery is given up. */
  readonly deadlineAt: Instant | null;
  /** Until then, a request whose answer was lost can still take effect. */
  readonly doubtUntil: Instant | null;
  /** Until then, the later deliveries of its lane wait. */
  readonly holdUntil: Instant | null;
  readonly runClosesAt: Instant | null;
  readonly keyUntil: Instant;
}

/**
 * Computes every clock of a delivery, in the order in which `nextStep` checks them: the first one that has run out
 * decides, whatever the others say. `expiresAt` never stops. The deadline stops while the delivery waits for its turn,
 * a pause, a rate or a gate's Retry-After, but not behind an open breaker.
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

/** When the delivery enters its lane. A scheduled send enters it at its time. */
export function startsAt({ acceptedAt, sendAt }: Intent): Instant {
  return Math.max(acceptedAt, sendAt ?? acceptedAt);
}

/** The earlier of the expiry that the message asks for and the one that its class grants. */
export function expiryOf(intent: Intent): Instant | null {
  const granted = intent.class === 'best-effort' ? startsAt(intent) + bestEffortMs : null;
  return earliest(intent.expiresAt, granted);
}

/** An edit or delete waits for its original without a limit, a reply for at most `threadWaitMs`. */
export function dependsUntilOf(intent: Intent): Instant | null {
  if (intent.dependsOn === null) return null;
  return intent.isReply ? startsAt(intent) + usualClocks.threadWaitMs : Infinity;
}

/** The deadline, extended by the length of the present wait if that wait does not count against it. */
export function runningDeadline(
  { deadlineAt, clockStoppedAt }: Pick<Clocked, 'deadlineAt' | 'clockStoppedAt'>,
  now: Instant,
): Instant | null {
  return deadlineAt === null ? null : deadlineAt + (clockStoppedAt === null ? 0 : now - clockStoppedAt);
}

/** Starts the deadline, or continues it after a wait that ends now. */
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
