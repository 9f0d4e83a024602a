import { earliest, expiryOf, graceMs, type Instant } from '../../src/domain/clocks.ts';
import type { Delivery } from './ledger.ts';

type Split = Pick<Delivery, 'parts' | 'part'>;

/** The part that is sent next, from 1. */
export const partOf = ({ part }: Split): number => part + 1;

/** When this part has arrived there is another one. */
export const goesOn = ({ parts, part }: Split): boolean => parts !== null && part + 1 < parts;

/** A receipt of the part that is being sent, or would be next, is there: a success that came late. */
export const hasArrived = (delivery: Delivery): boolean =>
  delivery.receipts.some(({ part }) => part === partOf(delivery));

/** The count of the parts, when one more has arrived. */
export const counted = ({ parts, part }: Split): number => (parts === null ? part : part + 1);

/** What was sent is sent again as it was: while an attempt may have arrived, and when a part has. */
export function pinOf({ pinnedVersion, parts }: Delivery, isHeld: boolean): Pick<Delivery, 'pinnedVersion' | 'parts'> {
  return isHeld ? { pinnedVersion, parts } : { pinnedVersion: null, parts: null };
}

/** A part's success spends no attempt, and backoff begins anew. */
export const anew = ({ attempts, maxAttempts }: Delivery): Pick<Delivery, 'cycleStart' | 'maxAttempts'> => ({
  cycleStart: attempts,
  maxAttempts: maxAttempts + 1,
});

/** A part that is not the last has arrived under its claim: the next one is due, unless nobody wants it any more. */
export function nextPart(delivery: Delivery, now: Instant): Delivery {
  const gone = { ...delivery, claim: null, doubt: null, absentAt: null, part: counted(delivery) };
  if (delivery.cancelRequestedAt !== null)
    return { ...gone, state: 'cancelled', nextAttemptAt: null, dueAt: null, settledAt: now };
  const dueAt = earliest(now + graceMs.failed, expiryOf(delivery.intent));
  return { ...gone, ...anew(delivery), state: 'retrying', nextAttemptAt: now, dueAt, settledAt: null };
}

/** The same, heard of late or found, while nobody sends. What is at rest stays so: a retry goes on with the next part. */
export function nextPartUnclaimed(delivery: Delivery, isMovable: boolean, now: Instant): Delivery {
  const gone = { ...delivery, doubt: null, absentAt: null, part: counted(delivery) };
  if (!isMovable) return gone;
  if (delivery.state !== 'retrying') return { ...gone, ...anew(delivery) };
  const dueAt = earliest(now + graceMs.failed, expiryOf(delivery.intent));
  return { ...gone, ...anew(delivery), nextAttemptAt: now, dueAt };
}
