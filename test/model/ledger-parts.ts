import { earliest, expiryOf, graceMs, type Instant } from '../../src/domain/clocks.ts';
import type { Delivery } from './ledger.ts';

type Split = Pick<Delivery, 'parts' | 'part'>;

/** Number of the part that is sent next, from 1. */
export const partOf = ({ part }: Split): number => part + 1;

/** Whether another part follows the one that is sent next. */
export const goesOn = ({ parts, part }: Split): boolean => parts !== null && part + 1 < parts;

/** Whether there is a receipt of the part that is being sent or would be next, because of a success that came late. */
export const hasArrived = (delivery: Delivery): boolean =>
  delivery.receipts.some(({ part }) => part === partOf(delivery));

/** Number of parts that have arrived, after one more of them. */
export const counted = ({ parts, part }: Split): number => (parts === null ? part : part + 1);

/**
 * Keeps the pinned version and the places of its parts while `isHeld`: an attempt may have arrived, or a part has.
 * Later attempts then send the same bytes.
 */
export function pinOf({ pinnedVersion, parts }: Delivery, isHeld: boolean): Pick<Delivery, 'pinnedVersion' | 'parts'> {
  return isHeld ? { pinnedVersion, parts } : { pinnedVersion: null, parts: null };
}

/** Begins a new backoff after a part, and gives back the attempt that the part's success spent. */
export const anew = ({ attempts, maxAttempts }: Delivery): Pick<Delivery, 'cycleStart' | 'maxAttempts'> => ({
  cycleStart: attempts,
  maxAttempts: maxAttempts + 1,
});

/**
 * Goes on after a part that is not the last has arrived under its claim: the next part is due at once, unless the
 * delivery was cancelled.
 */
export function nextPart(delivery: Delivery, now: Instant): Delivery {
  const gone = { ...delivery, claim: null, doubt: null, absentAt: null, part: counted(delivery) };
  if (delivery.cancelRequestedAt !== null)
    return { ...gone, state: 'cancelled', nextAttemptAt: null, dueAt: null, settledAt: now };
  const dueAt = earliest(now + graceMs.failed, expiryOf(delivery.intent));
  return { ...gone, ...anew(delivery), state: 'retrying', nextAttemptAt: now, dueAt, settledAt: null };
}

/**
 * Goes on after such a part was reported late or found while the delivery has no claim. A delivery at rest stays at
 * rest; a manual retry begins with the next part.
 */
export function nextPartUnclaimed(delivery: Delivery, isMovable: boolean, now: Instant): Delivery {
  const gone = { ...delivery, doubt: null, absentAt: null, part: counted(delivery) };
  if (!isMovable) return gone;
  if (delivery.state !== 'retrying') return { ...gone, ...anew(delivery) };
  const dueAt = earliest(now + graceMs.failed, expiryOf(delivery.intent));
  return { ...gone, ...anew(delivery), nextAttemptAt: now, dueAt };
}
