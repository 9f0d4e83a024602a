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

/** Open, and nobody is sending it. */
export const isMovable = ({ state }: Delivery): boolean => may('wait', state);

/** One that has just parked holds its lane, and the sweep wakes the next one when that ends: trigger `hold_lane`. */
export function comeToRest(delivery: Delivery, now: Instant, others: readonly Delivery[]): Delivery {
  if (!isParked(delivery.state) || delivery.lane === null || delivery.holdForMs === null) return delivery;
  const hold = holdOf(delivery, others, now);
  return { ...delivery, hold, dueAt: hold !== null && Number.isFinite(hold.until) ? hold.until : null };
}

/** Not its turn: `store/waiting/lane.ts`. */
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

/** Paused, held, or above its rate; only behind a breaker the deadline goes on: `store/waiting/wait.ts`. */
export function waitAtGate(delivery: Delivery, { scope, isBreaker }: Of<'wait-gate'>, now: Instant): Delivery {
  if (!isMovable(delivery)) return delivery;
  const deadlineAt = isBreaker ? runningDeadline(delivery, now) : delivery.deadlineAt;
  return {
    ...delivery,
    state: 'waiting',
    gate: scope,
    slotAt: null,
    nextAttemptAt: null,
    deadlineAt,
    clockStoppedAt: isBreaker ? null : (delivery.clockStoppedAt ?? now),
    dueAt: earliest(isBreaker ? deadlineAt : null, expiryOf(delivery.intent), now + graceMs.gate),
  };
}

/** Its gate lets it through: `store/waiting/let-through.ts`. */
export function call(delivery: Delivery, now: Instant): Delivery {
  if (delivery.state !== 'waiting' || delivery.gate === null) return delivery;
  return { ...delivery, gate: null, slotAt: now, dueAt: earliest(expiryOf(delivery.intent), now + graceMs.called) };
}

/** Ends what is not being sent, as `nextStep` says: `store/ledger/end.ts`. */
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

/** Time alone ends what certainly did not arrive: `store/runs/overdue.ts`. */
export function expire(delivery: Delivery, now: Instant, others: readonly Delivery[]): Delivery {
  const isOver = (expiryOf(delivery.intent) ?? Infinity) <= now;
  return isOver && delivery.doubt === null ? rest(delivery, 'expired', now, others) : delivery;
}

/** It is looked for, which ends its wait: `store/ledger/doubt.ts`. */
export function lookUp(delivery: Delivery, now: Instant): Delivery {
  const { deadlineAt, clockStoppedAt, doubt } = delivery;
  if (!isMovable(delivery) || doubt === null || (clockStoppedAt === null && deadlineAt !== null)) return delivery;
  return { ...delivery, deadlineAt: startedDeadline(delivery, now), clockStoppedAt: null };
}

/** A look-up found nothing; the final one clears the doubt: `store/ledger/doubt.ts`. */
export function absent(delivery: Delivery, { final, part = 1 }: Of<'absent'>, now: Instant): Delivery {
  if (!isMovable(delivery) || delivery.doubt === null || part !== partOf(delivery)) return delivery;
  if (!final) return { ...delivery, absentAt: now };
  return { ...delivery, absentAt: null, doubt: null, ...pinOf(delivery, delivery.part > 0) };
}

/** A look-up found it: `store/ledger/doubt.ts`. */
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

/** An operator grants one more round: `store/runs/commands.ts`. */
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

/** Not wanted any more. What is being sent, or may have arrived, is noted, and finds out what became of it; it holds nobody back any more: `store/runs/commands.ts`. */
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

/** The time for which it held its lane is over: `store/runs/overdue.ts`. */
export function endHold(delivery: Delivery, now: Instant): Delivery {
  const isOver = delivery.hold !== null && delivery.hold.until <= now;
  return isParked(delivery.state) && isOver ? { ...delivery, dueAt: null } : delivery;
}
