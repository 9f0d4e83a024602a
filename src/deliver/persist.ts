import { isConflict, isTimedOut, isUnavailable } from '../store/db/db.ts';
import type { Settlement } from '../store/ledger/settle.ts';
import type { Settled } from '../store/ledger/settle-result.ts';
import type { ActivityDeps } from '../activities/index.ts';

/** The settle is repeated so long after the claim's own margin; then Temporal carries the outcome. */
const settleForMs = 3_500;
const settlePauseMs = 200;

/**
 * Writes the outcome, again and again while PostgreSQL is away; undefined when it stayed away. The time holds also for a
 * connection that hears nobody any more: settling once more does no harm, whichever of the two gets through.
 */
export async function persist(
  { ledger }: Pick<ActivityDeps, 'ledger'>,
  settlement: Settlement,
): Promise<Settled | undefined> {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), settleForMs);
  const gaveUp = new Promise<undefined>((resolve) => end.signal.addEventListener('abort', () => resolve(undefined)));
  const settling = async (): Promise<Settled | undefined> => {
    while (!end.signal.aborted) {
      try {
        return await ledger.settle(settlement);
      } catch (error) {
        if (!isUnavailable(error) && !isTimedOut(error) && !isConflict(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, settlePauseMs));
      }
    }
    return undefined;
  };
  try {
    return await Promise.race([settling(), gaveUp]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the platform said stays out of Temporal's history. */
export function withoutWords(settlement: Settlement): Settlement {
  if (settlement.kind === 'delivered') return settlement;
  const { excerpt: _excerpt, ...rest } = settlement;
  return {
    ...rest,
    reason: { ...rest.reason, message: `${rest.reason.code}; details were lost while PostgreSQL was away` },
  };
}
