import type { DeliveryState } from '../domain/delivery.ts';
import type { LedgerEntry } from '../store/ledger.ts';
import type { Settled } from '../store/settled.ts';
import { parked, tryAgain } from './failure.ts';
import type { ActivityDeps } from './index.ts';

/** Of the attempt that was settled, for the text that Temporal shows. */
export interface MadeAttempt {
  readonly number: number;
  readonly max: number;
  readonly code: string;
}

/**
 * Wakes who may go next, and says the outcome in Temporal's terms.
 * @throws ApplicationFailure retryable where another attempt is due, non-retryable where it needs an operator.
 */
export function conclude(
  deps: ActivityDeps,
  entry: LedgerEntry,
  settled: Settled,
  attempt?: MadeAttempt,
): { readonly state: DeliveryState } {
  settled.next.forEach(deps.wake);
  const { state, delayMs } = settled;
  const count = attempt === undefined ? '' : ` ${attempt.number} of ${attempt.max}: ${attempt.code}`;
  if (state === 'retrying') {
    if (attempt?.number === entry.roundStart + 1) deps.reportTrouble(entry.workflowId, entry.id);
    throw tryAgain(`${entry.destination}:${count}, next in ${Math.ceil((delayMs ?? 0) / 1000)} s`, delayMs ?? 1);
  }
  if (state === 'parked' || state === 'uncertain')
    throw parked(`${entry.destination}:${count} → ${state}`, state, { code: attempt?.code ?? state, message: '' });
  return { state };
}
