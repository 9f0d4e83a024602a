import type postgres from 'postgres';
import { originalUncertain } from '../../domain/change.ts';
import { graceMs } from '../../domain/clocks.ts';
import type { DeliveryState } from '../../domain/delivery.ts';
import type { DeliveryId, DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';

/** Which deliveries a command is for: those of a message, or one of them. */
export type CommandTarget =
  { readonly message: MessageId; readonly destination?: DestinationId } | { readonly delivery: DeliveryId };

export interface CommandedDelivery {
  readonly id: DeliveryId;
  readonly message: MessageId;
  readonly destination: DestinationId;
  readonly state: DeliveryState;
  readonly workflowId: string;
  /** False where there was nothing to do: it is final, or already on its way. */
  readonly changed: boolean;
}

/**
 * Of a delivery `d`: its message is deleted, or what it edits is. Its own mark is seen even by a statement that waited for
 * the delete and looks with the snapshot from before.
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
 * Grants one more round to what is parked or uncertain, and lets what is retrying go now (not before the platform's
 * Retry-After). What was overtaken in its lane meanwhile will be `late`. Edits that could not be made because nobody knew
 * whether their original is there are tried again behind it. Locks deliveries in the order of their ids. Uses the primary key,
 * `deliveries_message` and `deliveries_depends`.
 * @returns every delivery that the command targets, changed or not, and those edits; none when there is no such message or delivery.
 */
export async function requestRetry(sql: Db, tenant: TenantId, target: CommandTarget): Promise<CommandedDelivery[]> {
  return sql<CommandedDelivery[]>`with ${retryOf(sql, isTargeted(sql, tenant, target))} ${commandedRows(sql)}`;
}

/** CTEs `wanted` and `changed`: the retry of all deliveries `d` that the command targets, and of the edits that waited for them. */
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
 * Ends what is not final. What is being sent at this moment is not torn off: it is noted, and settles as `cancelled`
 * when it fails, as `delivered` when it gets through, as `uncertain` when nobody knows. What may have arrived before is
 * noted too, and its next look at the ledger finds out which of the three it is. In its lane it holds nobody back any more.
 * @param spareDeleted leaves alone what a delete has stopped already: it may have found out since that it is uncertain.
 * @returns every delivery that the command targets, changed or not.
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

/** CTEs `wanted` and `changed`: the cancel of all deliveries `d` that the command targets. */
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

/** A `CommandedDelivery` for each of CTE `wanted`. */
export const commandedRows = (sql: Db) => sql`
    -- The state of what was not changed is the one it was locked with: the snapshot may be older than the wait for it.
    select w.id, d.message, d.destination, coalesce(c.state, w.state) as state, m.workflow_id as "workflowId",
      c.id is not null as changed
    from wanted w join deliveries d on d.id = w.id join messages m on m.id = d.message left join changed c on c.id = w.id
    order by w.id`;
