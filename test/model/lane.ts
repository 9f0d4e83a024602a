import { dependsUntilOf, type Instant } from '../../src/domain/clocks.ts';
import { isOpen, isParked } from '../../src/domain/delivery.ts';
import type { Delivery } from './ledger.ts';

/**
 * Who may go next in a lane: the reference for `isBehind`, `nextOf` and the trigger `hold_lane`, over plain arrays. Of
 * `others` only those of the delivery's own lane count, and what it depends on.
 */
const neighbours = (delivery: Delivery, others: readonly Delivery[]): Delivery[] =>
  delivery.lane === null ? [] : others.filter(({ id, lane }) => lane === delivery.lane && id !== delivery.id);

/** It makes those behind it wait; not when it was cancelled, and parked all the same because it may have arrived. */
export function isHolding(delivery: Delivery, now: Instant): boolean {
  const { state, holdForMs, hold } = delivery;
  return isParked(state) && holdForMs !== null && hold !== null && hold.until > now;
}

/** What it depends on is under way, or one before it is, or one is being sent, or one before it holds the lane. */
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
 * Those that come to rest by `state` and `hold` as they now are call these: the first of its lane, unless they hold it
 * up, and what depends on them.
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
 * Since and until when a delivery that parks now holds its lane. Counted once per lane, from the first park until
 * something is delivered again, so that a lane whose messages all park does not cost each the whole time.
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

/** A later one of its lane went out, or is going, before it. */
export function isOvertaken(delivery: Delivery, others: readonly Delivery[]): boolean {
  return neighbours(delivery, others).some(
    ({ sequence, state }) => sequence > delivery.sequence && (state === 'delivered' || state === 'sending'),
  );
}
