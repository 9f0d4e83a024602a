import { callLifeMs, slotHorizonMs, slotIntervalMs, slotLifeMs } from '../domain/gate.ts';
import type { LedgerEntry } from '../store/ledger/ledger.ts';
import { takeSlots } from '../store/waiting/rates.ts';
import { waitAtGate } from '../store/waiting/wait.ts';
import type { DeliverDeps } from './deps.ts';

/** A moment at which every rate of a delivery lets it go. */
export interface Slot {
  /** Milliseconds from the taking of the slot until that moment. */
  readonly waitMs: number;
  /** Whether the slot was not used in its time, so that another one must be taken. */
  isOver(): boolean;
}

/** The slot of sends without a rate. */
const noRate: Slot = { waitMs: 0, isOver: () => false };

/**
 * Takes a slot of every rate that a send must keep. A slot that the delivery was given when its gate called it is used
 * first (G3 and G5 in `store/waiting/let-through.ts`). A send without a rate costs no statement.
 * @param now a clock that never goes back, in milliseconds.
 * @returns the slot; `full` where no slot is near and the delivery now waits at that gate; `moved` where the delivery
 * could not be made to wait, because another process has changed its state.
 */
export async function keepRates(
  { sql }: Pick<DeliverDeps, 'sql'>,
  { id, tenant, slot, target }: LedgerEntry,
  now: () => number = () => performance.now(),
): Promise<Slot | 'full' | 'moved'> {
  const all = target?.rates ?? [];
  if (all.length === 0 && slot === undefined) return noRate;
  const readAt = now();
  const lifeMs = Math.min(...all.map(({ rate }) => slotLifeMs(slotIntervalMs(rate))), callLifeMs);
  const isCalled = slot !== undefined && slot.ms > -callLifeMs;
  const given = slot !== undefined && slot.ms > -lifeMs ? slot : undefined;
  const slotIn = (ms: number): Slot => {
    const dueAt = readAt + ms;
    return { waitMs: Math.max(0, dueAt - now()), isOver: () => now() > dueAt + lifeMs };
  };
  const rates = all.filter(({ gate }) => gate !== given?.gate);
  if (rates.length === 0) return slotIn(given?.ms ?? 0);
  const slots = await takeSlots(sql, tenant, rates, slotHorizonMs, isCalled);
  if ('waitMs' in slots) return slotIn(Math.max(given?.ms ?? 0, slots.waitMs + now() - readAt));
  return (await waitAtGate(sql, id, slots.fullAt, 'rate')) ? 'full' : 'moved';
}
