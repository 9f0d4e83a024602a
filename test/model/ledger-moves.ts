import {
  earliest,
  expiryOf,
  graceMs,
  runningDeadline,
  startedDeadline,
  type Instant,
} from '../../src/domain/clocks.ts';
import { isParked, may } from '../../src/domain/delivery.ts';
import { holdOf, isOvertaken } from './lane.ts';
import type { Delivery, LedgerEvent } from './ledger.ts';
import { counted, goesOn, nextPartUnclaimed, partOf, pinOf } from './ledger-parts.ts';

type Of<Do extends LedgerEvent['do']> = Extract<LedgerEvent, { readonly do: Do }>;

/** Whether the delivery is open and not being sent. */
export const isMovable = ({ state }: Delivery): boolean => may('wait', state);

/**
 * Lets a delivery that has just parked hold its lane, until the sweep wakes the next delivery at the end of the hold:
 * trigger `hold_lane`.
 */
export function comeToRest(delivery: Delivery, now: Instant, others: readonly Delivery[]): Delivery {
  if (!isParked(delivery.state) || delivery.lane === null || delivery.holdForMs === null) return delivery;
  const hold = holdOf(delivery, others, now);
  return { ...delivery, hold, dueAt: hold !== null && Number.isFinite(hold.until) ? hold.until : null };
}

/** Lets a delivery wait for its turn in the lane: `store/waiting/lane.ts`. */
export function waitForTurn(delivery: Delivery, dependsUntil: Instant | null, now: Instant): Delivery {
  if (!isMovable(delivery)) return delivery;
  return {
    ...delivery,
    state: 'waiting',
    nextAttemptAt: null,
    dueAt: earliest(now + graceMs.turn, dependsUntil, expiryOf(delivery.intent)),
    gate: null,
    slotAt: null,
    clockStoppedAt: delivery.clockStoppedAt ?? now,
  };
}

/**
 * Lets a delivery wait at a shut gate: `store/waiting/wait.ts`. The deadline stops during a pause, a Retry-After or a
 * full rate, but goes on behind a breaker.
 */
export function waitAtGate(delivery: Delivery, { gate, isBreaker }: Of<'wait-gate'>, now: Instant): Delivery {
  if (!isMovable(delivery)) return delivery;
  const deadlineAt = isBreaker ? runningDeadline(delivery, now) : delivery.deadlineAt;
  return {
    ...delivery,
    state: 'waiting',
    gate,
    slotAt: null,
    nextAttemptAt: null,
    deadlineAt,
    clockStoppedAt: isBreaker ? null : (delivery.clockStoppedAt ?? now),
    dueAt: earliest(isBreaker ? deadlineAt : null, expiryOf(delivery.intent), now + graceMs.gate),
  };
}

/** Calls a waiting delivery through its gate: `store/waiting/let-through.ts`. */
export function call(delivery: Delivery, now: Instant): Delivery {
  if (delivery.state !== 'waiting' || delivery.gate === null) return delivery;
  return { ...delivery, gate: null, slotAt: now, dueAt: earliest(expiryOf(delivery.intent), now + graceMs.called) };
}

/** Ends a delivery that is not being sent, as `nextStep` decides: `store/ledger/end.ts`. */
export function rest(
  delivery: Delivery,
  state: Of<'rest'>['state'],
  now: Instant,
  others: readonly Delivery[],
): Delivery {
  if (!isMovable(delivery)) return delivery;
  const rested = { ...delivery, state, dueAt: null, nextAttemptAt: null, gate: null, slotAt: null, settledAt: now };
  return comeToRest(rested, now, others);
}

/** Lets a delivery expire when its time is over, unless an attempt may have arrived: `store/runs/overdue.ts`. */
export function expire(delivery: Delivery, now: Instant, others: readonly Delivery[]): Delivery {
  const isOver = (expiryOf(delivery.intent) ?? Infinity) <= now;
  return isOver && delivery.doubt === null ? rest(delivery, 'expired', now, others) : delivery;
}

/** Begins a look-up, which ends a wait and lets the deadline run: `store/ledger/doubt.ts`. */
export function lookUp(delivery: Delivery, now: Instant): Delivery {
  const { deadlineAt, clockStoppedAt, doubt } = delivery;
  if (!isMovable(delivery) || doubt === null || (clockStoppedAt === null && deadlineAt !== null)) return delivery;
  return { ...delivery, deadlineAt: startedDeadline(delivery, now), clockStoppedAt: null };
}

/** Notes that a look-up found nothing. The final look-up ends the doubt: `store/ledger/doubt.ts`. */
export function absent(delivery: Delivery, { final, part = 1 }: Of<'absent'>, now: Instant): Delivery {
  if (!isMovable(delivery) || delivery.doubt === null || part !== partOf(delivery)) return delivery;
  if (!final) return { ...delivery, absentAt: now };
  return { ...delivery, absentAt: null, doubt: null, ...pinOf(delivery, delivery.part > 0) };
}

/** Notes that a look-up found the post: `store/ledger/doubt.ts`. */
export function found(delivery: Delivery, { nativeId, version, part = 1 }: Of<'found'>, now: Instant): Delivery {
  if (!isMovable(delivery) || part !== partOf(delivery)) return delivery;
  const receipts = [...delivery.receipts, { attempt: 'look-up', nativeId, version, part }];
  if (goesOn(delivery)) return nextPartUnclaimed({ ...delivery, receipts }, true, now);
  return {
    ...delivery,
    state: 'delivered',
    part: counted(delivery),
    dueAt: null,
    nextAttemptAt: null,
    settledAt: now,
    doubt: null,
    absentAt: null,
    gate: null,
    receipts,
  };
}

/** Grants one more retry cycle, as an operator asks: `store/runs/commands.ts`. */
export function retry(delivery: Delivery, now: Instant, others: readonly Delivery[]): Delivery {
  if (!may('retry', delivery.state)) return delivery;
  return {
    ...delivery,
    state: 'queued',
    nextAttemptAt: null,
    trigger: 'manual',
    settledAt: null,
    cycleStart: delivery.attempts,
    maxAttempts: delivery.attempts + delivery.intent.policy.maxAttempts,
    deadlineAt: null,
    cancelRequestedAt: null,
    clockStoppedAt: null,
    gate: null,
    slotAt: null,
    dueAt: now + graceMs.commanded,
    late: delivery.late || isOvertaken(delivery, others),
  };
}

/**
 * Cancels a delivery: `store/runs/commands.ts`. One that is being sent or may have arrived is only marked, and goes on
 * until it is known whether it arrived. It no longer holds its lane.
 */
export function cancel(delivery: Delivery, now: Instant): Delivery {
  if (!may('cancel', delivery.state)) return delivery;
  const isNoted = delivery.state === 'sending' || (isMovable(delivery) && delivery.doubt !== null);
  return {
    ...delivery,
    state: isNoted ? delivery.state : 'cancelled',
    cancelRequestedAt: delivery.cancelRequestedAt ?? now,
    nextAttemptAt: null,
    gate: null,
    slotAt: null,
    holdForMs: null,
    dueAt: isNoted ? delivery.dueAt : null,
    settledAt: isNoted ? delivery.settledAt : now,
  };
}

/** Ends the hold of a parked delivery when its time is over: `store/runs/overdue.ts`. */
export function endHold(delivery: Delivery, now: Instant): Delivery {
  const isOver = delivery.hold !== null && delivery.hold.until <= now;
  return isParked(delivery.state) && isOver ? { ...delivery, dueAt: null } : delivery;
}
