import { callLifeMs, slotHorizonMs, slotIntervalMs, slotLifeMs } from '../domain/gate.ts';
import type { LedgerEntry } from '../store/ledger/ledger.ts';
import { takeSlots } from '../store/waiting/rates.ts';
import { waitAtGate } from '../store/waiting/wait.ts';
import type { DeliverDeps } from './deps.ts';

/** A moment at which every rate lets a delivery go. */
export interface Slot {
  /** Milliseconds until then, from when it was had. */
  readonly waitMs: number;
  /** It was not used in its time, and another one must be had. */
  isOver(): boolean;
}

/** Of sends without a rate. */
const any: Slot = { waitMs: 0, isOver: () => false };

/**
 * Takes a slot of every rate that a send must keep; one that was given to it at a gate is used first. Sends without a
 * rate cost no statement.
 * @param now a clock that never goes back, in milliseconds.
 * @returns `full` where it is recorded that the delivery waits at a gate, or `moved` where it is another's by now.
 */
export async function keepRates(
  { sql }: Pick<DeliverDeps, 'sql'>,
  { id, tenant, slot, target }: LedgerEntry,
  now: () => number = () => performance.now(),
): Promise<Slot | 'full' | 'moved'> {
  const all = target?.rates ?? [];
  if (all.length === 0 && slot === undefined) return any;
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
