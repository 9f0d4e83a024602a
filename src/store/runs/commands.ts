import type postgres from 'postgres';
import { originalUncertain } from '../../domain/change.ts';
import { graceMs } from '../../domain/clocks.ts';
import type { DeliveryState } from '../../domain/delivery.ts';
import type { DeliveryId, DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';

/** Which deliveries a wish is for: those of a message, or one of them. */
export type WishScope =
  { readonly message: MessageId; readonly destination?: DestinationId } | { readonly delivery: DeliveryId };

export interface Wished {
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

function inScope(sql: Db, tenant: TenantId, scope: WishScope) {
  if ('delivery' in scope) return sql`d.tenant = ${tenant} and d.id = ${scope.delivery}`;
  const one = scope.destination === undefined ? sql`` : sql`and d.destination = ${scope.destination}`;
  return sql`d.tenant = ${tenant} and d.message = ${scope.message} ${one}`;
}

/**
 * Grants one more round to what is parked or uncertain, and lets what is retrying go now (not before the platform's
 * Retry-After). What was overtaken in its lane meanwhile will be `late`. Edits that could not be made because nobody knew
 * whether their original is there are tried again behind it. Locks deliveries in the order of their ids. Uses the primary key,
 * `deliveries_message` and `deliveries_depends`.
 * @returns every delivery in scope, changed or not, and those edits; none when there is no such message or delivery.
 */
export async function requestRetry(sql: Db, tenant: TenantId, scope: WishScope): Promise<Wished[]> {
  return sql<Wished[]>`with ${retryOf(sql, inScope(sql, tenant, scope))} ${wishedRows(sql)}`;
}

/** CTEs `wanted` and `changed`: the retry of all deliveries `d` in scope, and of the edits that waited for them. */
export const retryOf = (sql: Db, scope: Fragment) => sql`
    wanted as (
      select d.id, d.state, (${scope}) as is_meant from deliveries d
      where d.id in (
        select d.id from deliveries d where ${scope}
        union
        select e.id from deliveries d join deliveries e on e.depends_on = d.id
        where ${scope} and d.state in ('parked', 'uncertain')
          and e.action = 'edit' and e.state = 'parked' and e.reason->>'code' = ${originalUncertain})
      order by d.id for update
    ), changed as (
      update deliveries d
      set state = 'queued', reason = null, next_attempt_at = null, next_trigger = case when w.is_meant then 'manual' else 'auto' end, settled_at = null,
        round_start = attempts, max_attempts = attempts + (policy->>'maxAttempts')::integer, deadline_at = null,
        cancel_requested_at = null, clock_stopped_at = null, gate = null, slot_at = null, due_at = clock_timestamp() + make_interval(secs => ${graceMs.wished / 1000}),
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
 * @returns every delivery in scope, changed or not.
 */
export async function requestCancel(
  sql: Db,
  tenant: TenantId,
  scope: WishScope,
  spareDeleted = false,
): Promise<Wished[]> {
  return sql<Wished[]>`with ${cancelOf(sql, inScope(sql, tenant, scope), spareDeleted)} ${wishedRows(sql)}`;
}

/** CTEs `wanted` and `changed`: the cancel of all deliveries `d` in scope. */
export const cancelOf = (sql: Db, scope: Fragment, spareDeleted = false) => sql`
    wanted as (
      select d.id, d.state, d.state = 'sending' or (d.doubt_since is not null and d.state in ('queued', 'waiting', 'retrying')) as noted
      from deliveries d where ${scope} order by d.id for update
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

/** A `Wished` for each of CTE `wanted`. */
export const wishedRows = (sql: Db) => sql`
    -- The state of what was not changed is the one it was locked with: the snapshot may be older than the wait for it.
    select w.id, d.message, d.destination, coalesce(c.state, w.state) as state, m.workflow_id as "workflowId",
      c.id is not null as changed
    from wanted w join deliveries d on d.id = w.id join messages m on m.id = d.message left join changed c on c.id = w.id
    order by w.id`;
