import { graceMs } from '../../domain/clocks.ts';
import type { AttemptId, DeliveryId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';
import { goesOn, hasArrived } from './parts.ts';
import type { NextInLane } from '../waiting/lane.ts';
import { toSettled, withNext, type SettledRow } from './settle-result.ts';

/**
 * Gives a claim back because nothing was written to the platform. The attempt is not spent. Where a late success of an
 * earlier attempt came meanwhile (L6), the delivery becomes `delivered`.
 * @returns the deliveries that may go now, to be woken after the commit (L8).
 */
export async function release(sql: Db, delivery: DeliveryId, token: AttemptId): Promise<readonly NextInLane[]> {
  const rows = await sql<SettledRow[]>`
    with judged as (
      select d.id, ${hasArrived(sql)} as has_arrived, ${hasArrived(sql)} and not ${goesOn(sql)} as is_done
      from deliveries d where d.id = ${delivery} and d.claim_token = ${token} and d.state = 'sending' for update
    ), released as (
      update deliveries d
      set state = case when j.is_done then 'delivered' else 'queued' end,
        claim_token = null, claim_deadline = null, attempts = attempts - 1,
        next_trigger = (select trigger from attempts where id = ${token}),
        part = part + (j.has_arrived and parts is not null)::integer,
        round_start = case when j.has_arrived and not j.is_done then attempts - 1 else round_start end,
        max_attempts = max_attempts + (j.has_arrived and not j.is_done)::integer,
        pinned_version = case when doubt_since is not null or part > 0 or (j.has_arrived and parts is not null)
          then pinned_version end,
        parts = case when doubt_since is not null or part > 0 or j.has_arrived then parts end,
        doubt_since = case when not j.has_arrived then doubt_since end,
        doubt_until = case when not j.has_arrived then doubt_until end,
        absent_at = case when not j.has_arrived then absent_at end,
        settled_at = case when j.is_done then clock_timestamp() end,
        due_at = case when not j.is_done
          then clock_timestamp() + make_interval(secs => ${graceMs.released / 1000}) end
      from judged j where d.id = j.id
      returning d.id, d.state, d.tenant, d.destination, d.lane, d.sequence, d.hold_for, d.hold_until, null::float8 as delay_ms
    ), attempt as (
      update attempts set ended_at = clock_timestamp(), outcome = 'stopped', code = 'stopped',
        message = 'The worker stopped before anything was written.'
      where id = ${token} and exists (select from released)
    ), settled as (
      select * from released where state = 'delivered'
    )
    ${withNext(sql)}`;
  const [row] = rows;
  return row === undefined ? [] : toSettled(rows, row).next;
}
