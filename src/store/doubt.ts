import type { Reason } from '../domain/failure.ts';
import type { GateScope } from '../domain/gate.ts';
import type { DeliveryId } from '../domain/ids.ts';
import { json, type Db } from './db.ts';
import { recordHealth } from './health.ts';
import { runningDeadline } from './waits.ts';
import { toSettled, withNext, type Settled, type SettledRow, type StoredReceipt } from './settled.ts';

/**
 * A look-up ends a wait, and begins what a retry by hand granted, as a claim does: its deadline runs from here on, so that
 * refusals come to an end.
 */
export async function beginLookUp(sql: Db, delivery: DeliveryId): Promise<void> {
  await sql`
    update deliveries
    set clock_stopped_at = null, deadline_at = coalesce(${runningDeadline(sql)},
      clock_timestamp() + make_interval(secs => (policy->>'deadlineMs')::float8 / 1000))
    where id = ${delivery} and state in ('queued', 'waiting', 'retrying') and doubt_since is not null
      and (clock_stopped_at is not null or deadline_at is null)`;
}

/** A look-up found nothing: the first one is remembered, the final one clears the doubt, so that it is sent again. */
export async function recordAbsence(sql: Db, delivery: DeliveryId, final: boolean): Promise<void> {
  await sql`
    update deliveries
    set absent_at = case when ${final} then null else clock_timestamp() end,
      doubt_since = case when ${final} then null else doubt_since end,
      doubt_until = case when ${final} then null else doubt_until end,
      pinned_version = case when ${final} then null else pinned_version end
    where id = ${delivery} and state in ('queued', 'waiting', 'retrying') and doubt_since is not null`;
}

/**
 * A look-up found it: delivered by an earlier attempt whose answer was lost.
 * @param degraded what that attempt left out or did otherwise than asked.
 */
export async function recordFound(
  sql: Db,
  delivery: DeliveryId,
  receipt: StoredReceipt,
  healthy: GateScope,
  degraded?: Reason,
): Promise<Settled> {
  const rows = await sql<SettledRow[]>`
    with settled as (
      update deliveries
      set state = 'delivered', reason = null, due_at = null, next_attempt_at = null, settled_at = clock_timestamp(),
        doubt_since = null, doubt_until = null, absent_at = null, gate = null,
        degraded = ${degraded === undefined ? null : json(sql, [degraded])}::jsonb,
        receipts = receipts || (${json(sql, receipt)}::jsonb || jsonb_build_object('at', clock_timestamp()))
      where id = ${delivery} and state in ('queued', 'waiting', 'retrying')
      returning id, state, tenant, destination, lane, sequence, hold_for, hold_until, null::float8 as delay_ms
    ), health as (${recordHealth(sql, sql`${healthy}`)})
    ${withNext(sql)}`;
  const [row] = rows;
  return row === undefined ? { state: 'delivered', delayMs: null, next: [] } : toSettled(rows, row);
}
