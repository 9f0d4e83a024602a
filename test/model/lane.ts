import { dependsUntilOf, type Instant } from '../../src/domain/clocks.ts';
import { isOpen, isParked } from '../../src/domain/delivery.ts';
import type { Delivery } from './ledger.ts';

/**
 * The other deliveries of this delivery's lane.
 *
 * This file is the reference for the SQL of `isBehind` and `nextOf` (`store/waiting/lane.ts`) and for the trigger
 * `hold_lane`, over plain arrays: which delivery of a lane may go next.
 */
const neighbours = (delivery: Delivery, others: readonly Delivery[]): Delivery[] =>
  delivery.lane === null ? [] : others.filter(({ id, lane }) => lane === delivery.lane && id !== delivery.id);

/** Whether this delivery makes those behind it wait. A delivery that was cancelled and is `uncertain` does not. */
export function isHolding(delivery: Delivery, now: Instant): boolean {
  const { state, holdForMs, hold } = delivery;
  return isParked(state) && holdForMs !== null && hold !== null && hold.until > now;
}

/**
 * Whether this delivery must wait: the delivery on which it depends or an earlier one of its lane is open, any one of
 * its lane is being sent, or an earlier one holds the lane.
 */
export function isBehind(delivery: Delivery, others: readonly Delivery[], now: Instant): boolean {
  return (
    waitsForOriginal(delivery, others, now) ||
    neighbours(delivery, others).some(
      (other) =>
        other.state === 'sending' ||
        (other.sequence < delivery.sequence && (isOpen(other.state) || isHolding(other, now))),
    )
  );
}

function waitsForOriginal({ intent }: Delivery, others: readonly Delivery[], now: Instant): boolean {
  const original = others.find(({ id }) => id === intent.dependsOn);
  return original !== undefined && isOpen(original.state) && (dependsUntilOf(intent) ?? 0) > now;
}

/**
 * Returns the deliveries that `settled` wakes when it comes to rest in its present state: the first open delivery of
 * its lane, unless `settled` holds it up, and the queued or waiting deliveries that depend on `settled`.
 */
export function nextOf(settled: Delivery, others: readonly Delivery[], now: Instant): Delivery[] {
  const open = neighbours(settled, others).filter(({ state }) => isOpen(state));
  const first = open
    .sort((a, b) => a.sequence - b.sequence)
    .slice(0, 1)
    .filter(({ sequence }) => sequence < settled.sequence || !isHolding(settled, now));
  const dependent = others.filter(
    ({ intent, state }) => intent.dependsOn === settled.id && (state === 'queued' || state === 'waiting'),
  );
  return [...new Set([...first, ...dependent])];
}

/**
 * Returns from when until when a delivery that parks now holds its lane. A hold is counted once per lane, from the
 * first parked delivery until the next success, so that a lane whose messages all park does not wait the whole time for
 * each of them.
 */
export function holdOf(delivery: Delivery, others: readonly Delivery[], now: Instant): Delivery['hold'] {
  const { holdForMs } = delivery;
  if (delivery.lane === null || holdForMs === null) return delivery.hold;
  const lane = neighbours(delivery, others);
  const first = [delivery, ...lane]
    .flatMap(({ hold }) => (hold === null ? [] : [hold]))
    .filter(({ since }) => !lane.some((one) => one.state === 'delivered' && (one.settledAt ?? 0) > since))
    .sort((a, b) => a.since - b.since)[0];
  return first ?? { since: now, until: now + holdForMs };
}

/** Whether a later delivery of the lane was delivered, or is being sent, before this one. */
export function isOvertaken(delivery: Delivery, others: readonly Delivery[]): boolean {
  return neighbours(delivery, others).some(
    ({ sequence, state }) => sequence > delivery.sequence && (state === 'delivered' || state === 'sending'),
  );
}
