import type { DeliveryState } from '../../domain/delivery.ts';
import type { DeliveryReason, GaveUp } from '../../domain/failure.ts';
import type { DeliveryId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';
import { toSettled, withNext, type Settled, type SettledRow } from './settle-result.ts';

export interface EndRequest {
  readonly delivery: DeliveryId;
  readonly state: 'parked' | 'uncertain' | 'skipped' | 'expired' | 'cancelled';
  readonly reason: DeliveryReason;
  /** Why no further attempt is made. The answer to the last attempt is then the reason, if there was an attempt. */
  readonly gaveUp?: GaveUp;
}

/**
 * Ends a delivery that is not being sent: its attempts or its time are used up, it may not be sent again, there is
 * nothing to do, or it is too late.
 * @returns the state that the delivery has now, which another process may have written.
 */
export async function end(sql: Db, request: EndRequest): Promise<Settled> {
  const rows = await sql<SettledRow[]>`
    with settled as (
      update deliveries d
      set state = ${request.state}, reason = ${reasonOf(sql, request)}, due_at = null, next_attempt_at = null,
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

const reasonOf = (sql: Db, { reason, gaveUp }: EndRequest) =>
  gaveUp === undefined
    ? sql`${json(sql, reason)}::jsonb`
    : sql`coalesce(${lastAnswer(sql)}, ${json(sql, reason)}::jsonb) || ${json(sql, { gaveUp })}::jsonb`;

/** The failure of the last attempt of a delivery `d`; null if that one arrived, as a part does, or if none was made. */
const lastAnswer = (sql: Db) => sql`(
  select jsonb_strip_nulls(jsonb_build_object('code', a.code, 'status', a.status,
    'message', a.message || case when d.doubt_since is null then '' else ' (An attempt may have arrived.)' end))
  from (
    select code, message, status from attempts
    where delivery = d.id and outcome is distinct from 'stopped' order by number desc limit 1) a
  where a.code is not null)`;
