import type { Reason } from '../../domain/failure.ts';
import type { GateName } from '../../domain/gate.ts';
import type { DeliveryId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';
import { recordHealth } from '../waiting/breaker.ts';
import { degradedWith, goesOn, nextUnclaimed, partReason } from './parts.ts';
import { runningDeadline } from '../waiting/wait.ts';
import { toSettled, withNext, type Settled, type SettledRow, type StoredReceipt } from './settle-result.ts';

/**
 * Begins a look-up. Like a claim it ends a wait and starts the deadline of a retry cycle, so that a platform that
 * refuses look-ups is not asked for ever.
 */
export async function beginLookUp(sql: Db, delivery: DeliveryId): Promise<void> {
  await sql`
    update deliveries
    set clock_stopped_at = null, deadline_at = coalesce(${runningDeadline(sql)},
      clock_timestamp() + make_interval(secs => (policy->>'deadlineMs')::float8 / 1000))
    where id = ${delivery} and state in ('queued', 'waiting', 'retrying') and doubt_since is not null
      and (clock_stopped_at is not null or deadline_at is null)`;
}

/**
 * Writes that a look-up found nothing.
 * @param final false for the first look, which is only remembered; true for the second, which ends the doubt, so that
 *   the message is sent again.
 * @param part the part that was looked for, from 1.
 */
export async function recordAbsence(sql: Db, delivery: DeliveryId, final: boolean, part = 1): Promise<void> {
  await sql`
    update deliveries
    set absent_at = case when ${final} then null else clock_timestamp() end,
      doubt_since = case when ${final} then null else doubt_since end,
      doubt_until = case when ${final} then null else doubt_until end,
      pinned_version = case when ${final} and part = 0 then null else pinned_version end,
      parts = case when ${final} and part = 0 then null else parts end
    where id = ${delivery} and part + 1 = ${part} and state in ('queued', 'waiting', 'retrying') and doubt_since is not null`;
}

/**
 * Writes that a look-up found the post of an earlier attempt whose answer was lost.
 * @param degraded what that attempt left out or did otherwise than asked.
 * @returns undefined where another process wrote the delivery first.
 */
export async function recordFound(
  sql: Db,
  delivery: DeliveryId,
  receipt: StoredReceipt,
  healthy: GateName,
  degraded: readonly Reason[] = [],
): Promise<Settled | undefined> {
  const rows = await sql<SettledRow[]>`
    with found as materialized (
      select d.id, ${goesOn(sql)} as moves from deliveries d
      where d.id = ${delivery} and d.part + 1 = ${receipt.part ?? 1} and d.state in ('queued', 'waiting', 'retrying')
      for update
    ), settled as (
      update deliveries d
      set state = case when f.moves then d.state else 'delivered' end, reason = case when f.moves then ${partReason(sql)} end,
        ${nextUnclaimed(sql, sql`f.moves`, sql`not f.moves`)},
        settled_at = case when not f.moves then clock_timestamp() end, part = d.part + (d.parts is not null)::integer,
        doubt_since = null, doubt_until = null, absent_at = null, gate = case when f.moves then d.gate end,
        degraded = ${degradedWith(sql, sql`${degraded.length === 0 ? null : json(sql, degraded)}::jsonb`)},
        receipts = d.receipts || (${json(sql, receipt)}::jsonb || jsonb_build_object('at', clock_timestamp()))
      from found f where d.id = f.id
      returning d.id, d.state, d.tenant, d.destination, d.lane, d.sequence, d.hold_for, d.hold_until, null::float8 as delay_ms
    ), health as (${recordHealth(sql, sql`${healthy}`)})
    ${withNext(sql)}`;
  const [row] = rows;
  return row === undefined ? undefined : toSettled(rows, row);
}
