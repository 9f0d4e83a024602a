import type { DeliveryState } from '../../domain/delivery.ts';
import type { Reason } from '../../domain/failure.ts';
import type { DeliveryId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';
import { toSettled, withNext, type Settled, type SettledRow } from './settle-result.ts';

export interface EndRequest {
  readonly delivery: DeliveryId;
  readonly state: 'parked' | 'uncertain' | 'skipped' | 'expired' | 'cancelled';
  readonly reason: Reason;
}

/**
 * Ends a delivery that is not being sent: its attempts or its time are used up, it may not be sent again, there is nothing to
 * do, or it is too late.
 * @returns the state that the delivery has now, which another process may have written.
 */
export async function end(sql: Db, request: EndRequest): Promise<Settled> {
  const rows = await sql<SettledRow[]>`
    with settled as (
      update deliveries
      set state = ${request.state}, reason = ${json(sql, request.reason)}, due_at = null, next_attempt_at = null,
        gate = null, slot_at = null, settled_at = clock_timestamp()
      where id = ${request.delivery} and state in ('queued', 'waiting', 'retrying')
      returning id, state, tenant, destination, lane, sequence, hold_for, hold_until, null::float8 as delay_ms
    )
    ${withNext(sql)}`;
  const [row] = rows;
  if (row !== undefined) return toSettled(rows, row);
  const [now] = await sql<{ state: DeliveryState }[]>`select state from deliveries where id = ${request.delivery}`;
  if (now === undefined) throw new Error(`delivery ${request.delivery} is gone`);
  return { state: now.state, delayMs: null, next: [] };
}
