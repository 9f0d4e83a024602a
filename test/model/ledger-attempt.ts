import {
  graceMs,
  latest,
  earliest,
  expiryOf,
  startedDeadline,
  usualClocks,
  type Instant,
} from '../../src/domain/clocks.ts';
import type { AttemptId } from '../../src/domain/ids.ts';
import { isBehind } from './lane.ts';
import type { Delivery, LedgerEvent, Receipt, Try } from './ledger.ts';
import { comeToRest, isMovable } from './ledger-moves.ts';
import { anew, counted, goesOn, hasArrived, nextPart, nextPartUnclaimed, partOf, pinOf } from './ledger-parts.ts';

type Of<Do extends LedgerEvent['do']> = Extract<LedgerEvent, { readonly do: Do }>;

/**
 * Claims a delivery for one attempt. It is the attempt's last step before its first call that changes something at the
 * platform: `store/ledger/claim.ts`.
 */
export function claim(
  delivery: Delivery,
  { token, version, timeoutMs, part = 0, parts = null }: Of<'claim'>,
  now: Instant,
  others: readonly Delivery[],
): Delivery {
  const { intent, attempts, pinnedVersion, trigger } = delivery;
  const mayGo =
    isMovable(delivery) &&
    delivery.cancelRequestedAt === null &&
    attempts < delivery.maxAttempts &&
    (expiryOf(intent) ?? Infinity) > now &&
    (pinnedVersion === null || pinnedVersion === version) &&
    part === delivery.part &&
    (latest(delivery.nextAttemptAt, delivery.notBefore) ?? now) <= now &&
    !isBehind(delivery, others, now);
  if (!mayGo) return delivery;
  const until = now + timeoutMs + usualClocks.claimMarginMs;
  const split = pinnedVersion === null ? parts : delivery.parts;
  const sent = split === null ? null : partOf(delivery);
  return {
    ...delivery,
    state: 'sending',
    claim: { token, until },
    attempts: attempts + 1,
    trigger: 'auto',
    nextAttemptAt: null,
    dueAt: until + graceMs.claimed,
    deadlineAt: startedDeadline(delivery, now),
    clockStoppedAt: null,
    gate: null,
    slotAt: null,
    pinnedVersion: version,
    parts: split,
    tries: [...delivery.tries, { token, number: attempts + 1, trigger, outcome: null, late: false, part: sent }],
  };
}

/** Settles an attempt that succeeded: `store/ledger/settle.ts`. A success always counts, however late it comes. */
export function succeed(delivery: Delivery, event: Of<'deliver'>, now: Instant): Delivery {
  const { token, nativeId, version, part = 1 } = event;
  const receipt: Receipt = { attempt: token, nativeId, version, part };
  if (!holds(delivery, token)) return succeedLate(delivery, receipt, now);
  const received: Delivery = {
    ...delivery,
    tries: noted(delivery, token, 'delivered', false),
    notBefore: null,
    doubled: delivery.doubled || isSecond(delivery, receipt),
    receipts: [...delivery.receipts, receipt],
  };
  if (goesOn(delivery)) return nextPart(received, now);
  return { ...received, ...ended, state: 'delivered', part: counted(delivery), dueAt: null, settledAt: now };
}

/**
 * Settles a success whose claim is gone. It counts even if another attempt is being sent or has settled, because the
 * platform has the post.
 */
function succeedLate(delivery: Delivery, receipt: Receipt, now: Instant): Delivery {
  const { state, receipts } = delivery;
  const tries = noted(delivery, receipt.attempt, 'delivered', true);
  if (receipts.some(({ attempt }) => attempt === receipt.attempt)) return withTries(delivery, tries);
  const received: Delivery = {
    ...delivery,
    tries,
    doubled: delivery.doubled || isSecond(delivery, receipt),
    receipts: [...receipts, receipt],
  };
  // The success is for an earlier part, which is now there twice.
  if (receipt.part !== partOf(delivery)) return received;
  // Another attempt is being sent. Its outcome ends this delivery or part.
  if (state === 'sending') return { ...received, absentAt: null };
  if (goesOn(delivery)) return nextPartUnclaimed(received, isMovable(delivery), now);
  const settledAt = state === 'delivered' ? delivery.settledAt : now;
  const idle = { nextAttemptAt: null, gate: null, slotAt: null, absentAt: null, dueAt: null, doubt: null };
  return { ...received, ...idle, state: 'delivered', part: counted(delivery), settledAt };
}

/**
 * Whether the platform now has this part twice. A receipt that a look-up found may be of the same post, and then it has
 * not.
 */
function isSecond({ receipts }: Delivery, { part, nativeId }: Receipt): boolean {
  const isSame = (one: Receipt): boolean => one.attempt === 'look-up' && one.nativeId === nativeId;
  return receipts.some((one) => one.part === part && !isSame(one));
}

/**
 * Settles an attempt that failed or whose process died: `store/ledger/settle.ts`. A failure that comes late is only
 * noted.
 */
export function fail(delivery: Delivery, event: Of<'fail'>, now: Instant, others: readonly Delivery[]): Delivery {
  const { token, outcome, verdict, retryAfterMs, canLookUp = false } = event;
  if (!holds(delivery, token)) return withTries(delivery, noted(delivery, token, outcome, true));
  const { inDoubt } = verdict;
  const state = stateAfter(delivery, verdict, canLookUp);
  // A delivery that was cancelled does not wait out its backoff before the look-up.
  const wantedMs = delivery.cancelRequestedAt === null ? undefined : 1;
  const delayMs = verdict.state === 'retrying' ? (wantedMs ?? verdict.delayMs) : 0;
  const isRetrying = state === 'retrying';
  const since = delivery.doubt?.since ?? now;
  const until = latest(delivery.doubt?.until ?? null, delivery.claim?.until ?? null) ?? now;
  const tries = noted(delivery, token, outcome, false);
  const notBefore = retryAfterMs === undefined ? null : now + retryAfterMs;
  if (hasArrived(delivery) && goesOn(delivery)) return nextPart({ ...delivery, tries, notBefore }, now);
  const part = hasArrived(delivery) ? counted(delivery) : delivery.part;
  const failed: Delivery = {
    ...delivery,
    ...ended,
    tries,
    state,
    part,
    nextAttemptAt: isRetrying ? now + delayMs : null,
    notBefore,
    dueAt: isRetrying ? earliest(now + delayMs + graceMs.failed, expiryOf(delivery.intent)) : null,
    settledAt: isRetrying ? null : now,
    doubt: inDoubt ? { since, until } : null,
    ...pinOf(delivery, inDoubt || part > 0),
  };
  return comeToRest(failed, now, others);
}

/**
 * Returns the state after a failure. A late success of an earlier attempt counts. A cancelled delivery is not tried
 * again.
 */
function stateAfter(delivery: Delivery, verdict: Of<'fail'>['verdict'], canLookUp: boolean): Delivery['state'] {
  const { cancelRequestedAt } = delivery;
  if (hasArrived(delivery)) return 'delivered';
  if (cancelRequestedAt !== null && !verdict.inDoubt) return 'cancelled';
  if (cancelRequestedAt !== null && !(canLookUp && verdict.state === 'retrying')) return 'uncertain';
  return verdict.state;
}

/**
 * Gives a claim back because nothing was written to the platform: `store/ledger/release.ts`. A part that arrived since
 * the claim is not sent again.
 */
export function release(delivery: Delivery, token: AttemptId, now: Instant): Delivery {
  if (!holds(delivery, token)) return delivery;
  const arrived = hasArrived(delivery);
  const isDone = arrived && !goesOn(delivery);
  const attempts = delivery.attempts - 1;
  const part = arrived ? counted(delivery) : delivery.part;
  return {
    ...delivery,
    ...(arrived ? ended : {}),
    ...(arrived && !isDone ? anew({ ...delivery, attempts }) : {}),
    ...pinOf(delivery, delivery.doubt !== null || part > 0),
    state: isDone ? 'delivered' : 'queued',
    claim: null,
    attempts,
    part,
    trigger: delivery.tries.find((one) => one.token === token)?.trigger ?? 'auto',
    dueAt: isDone ? null : now + graceMs.released,
    settledAt: isDone ? now : null,
    tries: delivery.tries.map((one) => (one.token === token ? { ...one, outcome: 'stopped' } : one)),
  };
}

const holds = ({ state, claim: held }: Delivery, token: AttemptId): boolean =>
  state === 'sending' && held?.token === token;

const ended = { claim: null, doubt: null, absentAt: null } as const;

const withTries = (delivery: Delivery, tries: Delivery['tries']): Delivery =>
  tries === delivery.tries ? delivery : { ...delivery, tries };

/**
 * Notes the outcome of an attempt. An attempt has one outcome; only `unknown` is replaced by an outcome that becomes
 * known later.
 */
function noted({ tries }: Delivery, token: AttemptId, outcome: Try['outcome'], late: boolean): Delivery['tries'] {
  const isOpen = (one: Try): boolean =>
    one.token === token && (one.outcome === null || (one.outcome === 'unknown' && outcome !== 'unknown'));
  return tries.some(isOpen) ? tries.map((one) => (isOpen(one) ? { ...one, outcome, late } : one)) : tries;
}
