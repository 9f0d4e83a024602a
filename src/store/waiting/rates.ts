import { slotIntervalMs, type Rate } from '../../domain/gate.ts';
import type { TenantId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';

/** A rate that a send must keep. */
export interface GateRate {
  readonly gate: string;
  readonly rate: Rate;
}

/** How long to wait for the slot that was taken, or the name of the gate that had none. */
export type Slots = { readonly waitMs: number } | { readonly fullAt: string };

/**
 * Takes the next time slot of every gate, or of none (GCRA by PostgreSQL's clock; migration 0006, `take_slots`). A gate
 * is full where the wait would be longer than the horizon, or where other deliveries wait already.
 * @param isCalled the delivery has waited at one of these gates already, and queues at no other.
 */
export async function takeSlots(
  sql: Db,
  tenant: TenantId,
  rates: readonly GateRate[],
  horizonMs: number,
  isCalled: boolean,
): Promise<Slots> {
  const scopes = rates.map(({ gate, rate }) => ({ scope: gate, intervalMs: slotIntervalMs(rate), burst: rate.burst }));
  const [row] = await sql<{ waitMs: number | null; fullAt: string }[]>`
    select wait_ms as "waitMs", full_at as "fullAt" from take_slots(${tenant}, ${json(sql, scopes)}, ${horizonMs}::float8, ${isCalled})`;
  if (row === undefined) throw new Error('a function without a result');
  return row.waitMs === null ? { fullAt: row.fullAt } : { waitMs: row.waitMs };
}
