import { isOpen, type DeliveryState } from '../domain/delivery.ts';
import type { LedgerEntry } from '../store/ledger/ledger.ts';
import type { Settled } from '../store/ledger/settle-result.ts';
import { parked, tryAgain } from '../activities/failure.ts';
import type { ActivityDeps } from '../activities/index.ts';
import type { PartOf } from './parts.ts';

/** Of the attempt that was settled, for the text that Temporal shows. */
export interface MadeAttempt {
  readonly number: number;
  readonly max: number;
  readonly code: string;
  /** Of what is split. */
  readonly part?: PartOf;
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
  // The next one has a claim, a time and a retry of its own.
  if (isPartOnly(settled, attempt)) throw tryAgain(partText(entry, attempt), delayMs ?? 1);
  const count = attempt === undefined ? '' : ` ${attempt.number} of ${attempt.max}: ${attempt.code}`;
  if (state === 'retrying') {
    if (attempt?.number === entry.roundStart + 1) deps.reportTrouble(entry.workflowId, entry.id);
    throw tryAgain(`${entry.destination}:${count}, next in ${Math.ceil((delayMs ?? 0) / 1000)} s`, delayMs ?? 1);
  }
  if (state === 'parked' || state === 'uncertain')
    throw parked(`${entry.destination}:${count} → ${state}`, state, { code: attempt?.code ?? state, message: '' });
  return { state };
}

/** It got through, and there is more to send. */
export const isPartOnly = ({ state }: Settled, attempt: MadeAttempt | undefined): boolean =>
  isOpen(state) && attempt?.code === 'delivered';

function partText({ destination }: LedgerEntry, attempt: MadeAttempt | undefined): string {
  const part = attempt?.part;
  return `${destination}: ${part === undefined ? 'one more' : `part ${part.number} of ${part.of}`} delivered`;
}
