import { isOpen, type DeliveryState } from '../domain/delivery.ts';
import type { LedgerEntry } from '../store/ledger/ledger.ts';
import type { Settlement } from '../store/ledger/settle.ts';
import type { Written } from './ledger.ts';
import type { MadeAttempt } from './sent.ts';

/** How a call of `deliver` ended. */
export type DeliverResult =
  /** It is at rest, or it waits until it is woken. */
  | { readonly is: 'settled'; readonly state: DeliveryState }
  /** There is more to do after this time. */
  | { readonly is: 'again'; readonly afterMs: number; readonly text: string }
  /** It was given up and waits for an operator. */
  | { readonly is: 'given-up'; readonly state: 'parked' | 'uncertain'; readonly code: string; readonly text: string }
  /** It was sent, and PostgreSQL stayed away after that: the caller must write this later. */
  | { readonly is: 'unsettled'; readonly settlement: Settlement }
  /** There is no such delivery. */
  | { readonly is: 'missing'; readonly text: string };

export const again = (text: string, afterMs: number): DeliverResult => ({ is: 'again', text, afterMs });

/**
 * Says what a write to the ledger made of a delivery, with texts for Temporal's pages: our codes and counts only,
 * because histories are kept longer and read by more people than the ledger.
 * @param attempt the attempt that was settled, where there was one.
 */
export function resultOf(
  { destination }: LedgerEntry,
  { state, delayMs }: Written,
  attempt?: MadeAttempt,
): DeliverResult {
  // The next part has its own claim and its own attempts.
  if (isPartOnly(state, attempt)) return again(partText(destination, attempt), delayMs ?? 1);
  const count = attempt === undefined ? '' : ` ${attempt.number} of ${attempt.max}: ${attempt.code}`;
  if (state === 'retrying')
    return again(`${destination}:${count}, next in ${Math.ceil((delayMs ?? 0) / 1000)} s`, delayMs ?? 1);
  if (state === 'parked' || state === 'uncertain')
    return { is: 'given-up', state, code: attempt?.code ?? state, text: `${destination}:${count} → ${state}` };
  return { is: 'settled', state };
}

/** The attempt got through, and the delivery has further posts to send. */
export const isPartOnly = (state: DeliveryState, attempt: MadeAttempt | undefined): boolean =>
  isOpen(state) && attempt?.code === 'delivered';

function partText(destination: string, attempt: MadeAttempt | undefined): string {
  const part = attempt?.part;
  return `${destination}: ${part === undefined ? 'one more' : `part ${part.number} of ${part.of}`} delivered`;
}
