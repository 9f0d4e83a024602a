import { graceMs, latest, earliest, expiryOf, startedDeadline, usualClocks, type Instant } from './clocks.ts';
import type { AttemptId } from './ids.ts';
import { isBehind } from './lane.ts';
import type { Delivery, LedgerEvent, Receipt, Try } from './ledger.ts';
import { comeToRest, isMovable } from './ledger-moves.ts';

type Of<Do extends LedgerEvent['do']> = Extract<LedgerEvent, { readonly do: Do }>;

/** The attempt's last step before its first call that changes something at the platform: `store/claim.ts`. */
export function claim(
  delivery: Delivery,
  { token, version, timeoutMs }: Of<'claim'>,
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
    (latest(delivery.nextAttemptAt, delivery.notBefore) ?? now) <= now &&
    !isBehind(delivery, others, now);
  if (!mayGo) return delivery;
  const until = now + timeoutMs + usualClocks.claimMarginMs;
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
    tries: [...delivery.tries, { token, number: attempts + 1, trigger, outcome: null, late: false }],
  };
}

/** An attempt got through: `store/settle.ts`. A success always counts, however late. */
export function succeed(delivery: Delivery, event: Of<'deliver'>, now: Instant): Delivery {
  const { token, nativeId, version } = event;
  const receipt: Receipt = { attempt: token, nativeId, version };
  if (!holds(delivery, token)) return succeedLate(delivery, receipt, now);
  return {
    ...delivery,
    ...ended,
    tries: noted(delivery, token, 'delivered', false),
    state: 'delivered',
    dueAt: null,
    settledAt: now,
    notBefore: null,
    doubled: delivery.receipts.length > 0,
    receipts: [...delivery.receipts, receipt],
  };
}

/** Its claim is gone. Whoever sends now, or has sent, the platform has it. */
function succeedLate(delivery: Delivery, receipt: Receipt, now: Instant): Delivery {
  const { state, receipts } = delivery;
  const tries = noted(delivery, receipt.attempt, 'delivered', true);
  if (receipts.some(({ attempt }) => attempt === receipt.attempt)) return withTries(delivery, tries);
  // What a look-up found is this same one.
  const isFound = receipts.some(({ attempt, nativeId }) => attempt === 'look-up' && nativeId === receipt.nativeId);
  const received = {
    ...delivery,
    tries,
    doubled: delivery.doubled || (state === 'delivered' && !isFound),
    receipts: [...receipts, receipt],
    nextAttemptAt: null,
    gate: null,
    slotAt: null,
    absentAt: null,
  };
  // Another attempt is under way: what becomes of that one ends it.
  if (state === 'sending') return received;
  const settledAt = state === 'delivered' ? delivery.settledAt : now;
  return { ...received, state: 'delivered', dueAt: null, doubt: null, settledAt };
}

/** An attempt failed, or its process died: `store/settle.ts`. One that comes late is only noted. */
export function fail(delivery: Delivery, event: Of<'fail'>, now: Instant, others: readonly Delivery[]): Delivery {
  const { token, outcome, verdict, retryAfterMs, canLookUp = false } = event;
  if (!holds(delivery, token)) return withTries(delivery, noted(delivery, token, outcome, true));
  const { inDoubt } = verdict;
  const state = stateAfter(delivery, verdict, canLookUp);
  // Nobody waits for a look-up of what is not wanted any more.
  const wantedMs = delivery.cancelRequestedAt === null ? undefined : 1;
  const delayMs = verdict.state === 'retrying' ? (wantedMs ?? verdict.delayMs) : 0;
  const isRetrying = state === 'retrying';
  const since = delivery.doubt?.since ?? now;
  const until = latest(delivery.doubt?.until ?? null, delivery.claim?.until ?? null) ?? now;
  const failed: Delivery = {
    ...delivery,
    ...ended,
    tries: noted(delivery, token, outcome, false),
    state,
    nextAttemptAt: isRetrying ? now + delayMs : null,
    notBefore: retryAfterMs === undefined ? null : now + retryAfterMs,
    dueAt: isRetrying ? earliest(now + delayMs + graceMs.failed, expiryOf(delivery.intent)) : null,
    settledAt: isRetrying ? null : now,
    doubt: inDoubt ? { since, until } : null,
    pinnedVersion: inDoubt ? delivery.pinnedVersion : null,
  };
  return comeToRest(failed, now, others);
}

/** A success that came late for an earlier attempt stands; a wish to cancel stops what would be tried again. */
function stateAfter(
  { receipts, cancelRequestedAt }: Delivery,
  verdict: Of<'fail'>['verdict'],
  canLookUp: boolean,
): Delivery['state'] {
  if (receipts.length > 0) return 'delivered';
  if (cancelRequestedAt !== null && !verdict.inDoubt) return 'cancelled';
  if (cancelRequestedAt !== null && !(canLookUp && verdict.state === 'retrying')) return 'uncertain';
  return verdict.state;
}

/** The claim is given back because nothing was written: `store/release.ts`. What arrived meanwhile is not sent again. */
export function release(delivery: Delivery, token: AttemptId, now: Instant): Delivery {
  if (!holds(delivery, token)) return delivery;
  const hasArrived = delivery.receipts.length > 0;
  return {
    ...delivery,
    ...(hasArrived ? ended : {}),
    state: hasArrived ? 'delivered' : 'queued',
    claim: null,
    attempts: delivery.attempts - 1,
    trigger: delivery.tries.find((one) => one.token === token)?.trigger ?? 'auto',
    pinnedVersion: delivery.doubt === null ? null : delivery.pinnedVersion,
    dueAt: hasArrived ? null : now + graceMs.released,
    settledAt: hasArrived ? now : null,
    tries: delivery.tries.map((one) => (one.token === token ? { ...one, outcome: 'stopped' } : one)),
  };
}

const holds = ({ state, claim: held }: Delivery, token: AttemptId): boolean =>
  state === 'sending' && held?.token === token;

const ended = { claim: null, doubt: null, absentAt: null } as const;

const withTries = (delivery: Delivery, tries: Delivery['tries']): Delivery =>
  tries === delivery.tries ? delivery : { ...delivery, tries };

/** An attempt has one outcome; only "unknown" gives way to what turns out later. */
function noted({ tries }: Delivery, token: AttemptId, outcome: Try['outcome'], late: boolean): Delivery['tries'] {
  const isOpen = (one: Try): boolean =>
    one.token === token && (one.outcome === null || (one.outcome === 'unknown' && outcome !== 'unknown'));
  return tries.some(isOpen) ? tries.map((one) => (isOpen(one) ? { ...one, outcome, late } : one)) : tries;
}
