import { mayWorkLater } from '../store/db/db.ts';
import type { AttemptId, DeliveryId } from '../domain/ids.ts';
import type { Settlement } from '../store/ledger/settle.ts';
import type { DeliverDeps } from './deps.ts';
import type { Written } from './ledger.ts';
import { sleep, valueWithin } from './time.ts';

/** How long a settle is repeated, milliseconds. After that the caller carries the outcome. */
const repeatMs = 3_500;
const pauseMs = 200;

/**
 * Writes how an attempt ended, and repeats that while PostgreSQL is away, full or read-only. The time limit also covers a connection on
 * which PostgreSQL never answers: settling a second time does no harm, whichever of the two statements gets through.
 * @returns the settlement itself where PostgreSQL stayed away for 3.5 s: the caller must write it later (L9).
 */
export async function settleOrHandOver(
  { ledger }: Pick<DeliverDeps, 'ledger'>,
  settlement: Settlement,
): Promise<{ readonly written: Written } | { readonly unsettled: Settlement }> {
  const written = await untilWritten(() => ledger.settle(settlement));
  return written === undefined ? { unsettled: withoutWords(settlement) } : { written };
}

/**
 * Gives a claim back, and repeats that while PostgreSQL is away. Where it stayed away for 3.5 s the claim lapses, and a
 * delivery that was never sent counts as one that may have arrived.
 */
export async function giveBack(
  { ledger }: Pick<DeliverDeps, 'ledger'>,
  id: DeliveryId,
  token: AttemptId,
): Promise<void> {
  await untilWritten(() => ledger.release(id, token).then(() => true));
}

/** @returns what the write gives, or undefined where PostgreSQL stayed away. */
async function untilWritten<T>(write: () => Promise<T>): Promise<T | undefined> {
  const end = performance.now() + repeatMs;
  const writing = async (): Promise<T | undefined> => {
    while (performance.now() < end) {
      try {
        return await write();
      } catch (error) {
        if (!mayWorkLater(error)) throw error;
        await sleep(pauseMs);
      }
    }
    return undefined;
  };
  return valueWithin(repeatMs, writing());
}

/** The platform's words stay out of Temporal's history. */
function withoutWords(settlement: Settlement): Settlement {
  if (settlement.kind === 'delivered') return settlement;
  const { excerpt: _excerpt, ...rest } = settlement;
  const message = `${rest.reason.code}; details were lost while PostgreSQL was away`;
  return { ...rest, reason: { ...rest.reason, message } };
}
