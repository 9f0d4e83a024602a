import { callLifeMs, slotHorizonMs, slotLifeMs } from '../domain/gate.ts';
import type { LedgerEntry } from '../store/ledger.ts';
import { takeSlots } from '../store/rates.ts';
import { waitAtGate } from '../store/waits.ts';
import type { ActivityDeps } from './index.ts';

/**
 * Takes a slot of every rate that a send must keep; one that was given to it at a gate is used first. Sends without a
 * rate cost no statement.
 * @returns the milliseconds to wait for it, `full` where it is recorded that the delivery waits at a gate, or `moved` where
 *   it is another's by now.
 */
export async function keepRates({ sql }: ActivityDeps, entry: LedgerEntry): Promise<number | 'full' | 'moved'> {
  const { slot, target } = entry;
  const isCalled = slot !== undefined && slot.ms > -callLifeMs;
  const given = slot !== undefined && slot.ms > -slotLifeMs ? slot : undefined;
  const rates = (target?.rates ?? []).filter(({ scope }) => scope !== given?.scope);
  const givenMs = Math.max(0, given?.ms ?? 0);
  if (rates.length === 0) return givenMs;
  const slots = await takeSlots(sql, entry.tenant, rates, slotHorizonMs, isCalled);
  if ('waitMs' in slots) return Math.max(givenMs, slots.waitMs);
  return (await waitAtGate(sql, entry.id, slots.fullAt, 'rate')) ? 'full' : 'moved';
}
