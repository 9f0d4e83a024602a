import { isConflict, isTimedOut, isUnavailable } from '../store/db/db.ts';
import type { Settlement } from '../store/ledger/settle.ts';
import type { DeliverDeps } from './deps.ts';
import type { Written } from './ledger.ts';
import { sleep, valueWithin } from './time.ts';

/** How long a settle is repeated, milliseconds. After that the caller carries the outcome. */
const settleForMs = 3_500;
const pauseMs = 200;

/**
 * Writes how an attempt ended, and repeats that while PostgreSQL is away. The time limit also covers a connection on which
 * PostgreSQL never answers: settling a second time does no harm, whichever of the two statements gets through.
 * @returns the settlement itself where PostgreSQL stayed away for 3.5 s: the caller must write it later (`L9`).
 */
export async function settle(
  { ledger }: Pick<DeliverDeps, 'ledger'>,
  settlement: Settlement,
): Promise<{ readonly written: Written } | { readonly unsettled: Settlement }> {
  const end = performance.now() + settleForMs;
  const settling = async (): Promise<Written | undefined> => {
    while (performance.now() < end) {
      try {
        return await ledger.settle(settlement);
      } catch (error) {
        if (!isUnavailable(error) && !isTimedOut(error) && !isConflict(error)) throw error;
        await sleep(pauseMs);
      }
    }
    return undefined;
  };
  const written = await valueWithin(settleForMs, settling());
  return written === undefined ? { unsettled: withoutWords(settlement) } : { written };
}

/** The platform's words stay out of Temporal's history. */
function withoutWords(settlement: Settlement): Settlement {
  if (settlement.kind === 'delivered') return settlement;
  const { excerpt: _excerpt, ...rest } = settlement;
  const message = `${rest.reason.code}; details were lost while PostgreSQL was away`;
  return { ...rest, reason: { ...rest.reason, message } };
}
