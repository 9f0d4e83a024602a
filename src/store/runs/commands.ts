import type postgres from 'postgres';
import { originalUncertain } from '../../domain/change.ts';
import { graceMs } from '../../domain/clocks.ts';
import type { DeliveryState } from '../../domain/delivery.ts';
import type { DeliveryId, DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';

/** The deliveries that a command targets: all of a message, the one to `destination`, or one by its id. */
export type CommandTarget =
  { readonly message: MessageId; readonly destination?: DestinationId } | { readonly delivery: DeliveryId };

export interface CommandedDelivery {
  readonly id: DeliveryId;
  readonly message: MessageId;
  readonly destination: DestinationId;
  readonly state: DeliveryState;
  readonly workflowId: string;
  /** False where the command changes nothing, because the delivery is final or already on its way. */
  readonly changed: boolean;
}

/**
 * Whether the message of a delivery `d` is deleted, or the message that it changes. A statement that waited for the
 * lock of a delete still sees the messages as they were before; `d.is_deleted`, in the locked row, tells it of the
 * delete.
 */
const isDeleted = (sql: Db) => sql`(d.is_deleted or exists (
  select from messages m left join messages o on o.id = m.refers_to
  where m.id = d.message and d.action <> 'delete' and coalesce(o.deleted_at, m.deleted_at) is not null))`;

export type Fragment = postgres.PendingQuery<postgres.Row[]>;

function isTargeted(sql: Db, tenant: TenantId, target: CommandTarget) {
  if ('delivery' in target) return sql`d.tenant = ${tenant} and d.id = ${target.delivery}`;
  const one = target.destination === undefined ? sql`` : sql`and d.destination = ${target.destination}`;
  return sql`d.tenant = ${tenant} and d.message = ${target.message} ${one}`;
}

/**
 * Retries deliveries: begins a new retry cycle for those that are parked, uncertain or retrying, and makes them due
 * now, but not before the platform's Retry-After. A delivery that a later message of its lane has passed becomes
 * `late`. Edits that were parked because it was unknown whether their original arrived are retried with the original.
 * Deliveries of deleted messages stay as they are. Locks deliveries in the order of their ids. Uses the primary key,
 * `deliveries_message` and `deliveries_depends`.
 * @returns all deliveries that the command targets, changed or not, and those edits; none where the message or delivery
 * is unknown.
 */
export async function requestRetry(sql: Db, tenant: TenantId, target: CommandTarget): Promise<CommandedDelivery[]> {
  return sql<CommandedDelivery[]>`with ${retryOf(sql, isTargeted(sql, tenant, target))} ${commandedRows(sql)}`;
}

/**
 * CTEs `wanted` and `changed`: the retry of all deliveries `d` that meet the condition, and of edits parked because of
 * them.
 */
export const retryOf = (sql: Db, condition: Fragment) => sql`
    wanted as (
      select d.id, d.state, (${condition}) as is_meant from deliveries d
      where d.id in (
        select d.id from deliveries d where ${condition}
        union
        select e.id from deliveries d join deliveries e on e.depends_on = d.id
        where ${condition} and d.state in ('parked', 'uncertain')
          and e.action = 'edit' and e.state = 'parked' and e.reason->>'code' = ${originalUncertain})
      order by d.id for update
    ), changed as (
      update deliveries d
      set state = 'queued', reason = null, next_attempt_at = null, next_trigger = case when w.is_meant then 'manual' else 'auto' end, settled_at = null,
        round_start = attempts, max_attempts = attempts + (policy->>'maxAttempts')::integer, deadline_at = null,
        cancel_requested_at = null, clock_stopped_at = null, gate = null, slot_at = null, due_at = clock_timestamp() + make_interval(secs => ${graceMs.commanded / 1000}),
        late = late or (lane is not null and exists (
          select from messages m
          join messages later on later.tenant = m.tenant and later.conversation = m.conversation and later.sequence > m.sequence
          join deliveries o on o.message = later.id and o.destination = d.destination
          where m.id = d.message and o.state in ('delivered', 'sending')))
      from wanted w
      where d.id = w.id and w.state in ('parked', 'uncertain', 'retrying') and not ${isDeleted(sql)}
      returning d.id, d.state
    )`;

/**
 * Cancels deliveries that are not final, and ends their holds. An attempt that is under way is not interrupted: the
 * cancel is recorded, and the delivery settles as `delivered` where it arrived, as `cancelled` where it failed, and as
 * `uncertain` where that stays unknown. For an open delivery in doubt the cancel is recorded too, and its next step
 * finds out which of the three it becomes. Locks deliveries in the order of their ids.
 * @param spareDeleted leaves out deliveries that a delete has stopped already: such a delivery may have turned out to
 * be uncertain since, and must stay so.
 * @returns all deliveries that the command targets, changed or not.
 */
export async function requestCancel(
  sql: Db,
  tenant: TenantId,
  target: CommandTarget,
  spareDeleted = false,
): Promise<CommandedDelivery[]> {
  return sql<
    CommandedDelivery[]
  >`with ${cancelOf(sql, isTargeted(sql, tenant, target), spareDeleted)} ${commandedRows(sql)}`;
}

/** CTEs `wanted` and `changed`: the cancel of all deliveries `d` that meet the condition. */
export const cancelOf = (sql: Db, condition: Fragment, spareDeleted = false) => sql`
    wanted as (
      select d.id, d.state, d.state = 'sending' or (d.doubt_since is not null and d.state in ('queued', 'waiting', 'retrying')) as noted
      from deliveries d where ${condition} order by d.id for update
    ), changed as (
      update deliveries d
      set state = case when w.noted then d.state else 'cancelled' end,
        cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()),
        reason = case when w.noted then reason
          else '{"code": "cancelled", "message": "Cancelled by request."}'::jsonb end,
        next_attempt_at = null, gate = null, slot_at = null, hold_for = null,
        due_at = case when w.noted then due_at end,
        settled_at = case when w.noted then settled_at else clock_timestamp() end
      from wanted w
      where d.id = w.id and w.state in ('queued', 'waiting', 'sending', 'retrying', 'parked', 'uncertain')
        and not (${spareDeleted} and d.is_deleted)
      returning d.id, d.state
    )`;

/** Selects a `CommandedDelivery` for each row of CTE `wanted`. */
export const commandedRows = (sql: Db) => sql`
    -- An unchanged delivery has the state with which it was locked. The state that d has here comes from this
    -- statement's snapshot, which may be older.
    select w.id, d.message, d.destination, coalesce(c.state, w.state) as state, m.workflow_id as "workflowId",
      c.id is not null as changed
    from wanted w join deliveries d on d.id = w.id join messages m on m.id = d.message left join changed c on c.id = w.id
    order by w.id`;
