import { graceMs } from '../../domain/clocks.ts';
import type { DeliveryState } from '../../domain/delivery.ts';
import type { DeliveryId, DestinationId, MessageId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';
import { isBehind } from '../waiting/lane.ts';

/** A delivery to which something should have happened by now (S1 in `src/worker/sweep.ts`). */
export interface Overdue {
  readonly id: DeliveryId;
  readonly message: MessageId;
  readonly destination: DestinationId;
  readonly state: DeliveryState;
  /** Seconds since its `due_at`. */
  readonly overdueSeconds: number;
  /** Whether a run of its message was started, as far as PostgreSQL knows (P3 in `dispatch.ts`). */
  readonly hasRun: boolean;
  /** It is not at the head of its lane, or waits for another delivery (N1 and N4 in `waiting/lane.ts`). */
  readonly isBehind: boolean;
  /**
   * It waits at a gate, and its time is not over. The drain calls it (G1 in `waiting/let-through.ts`), not the sweep.
   */
  readonly isAtGate: boolean;
}

const overdue = (sql: Db) => sql`
    select d.id, d.message, d.destination, d.state, m.dispatched_at is not null as "hasRun",
      ${isBehind(sql)} as "isBehind",
      d.gate is not null and (d.expires_at is null or d.expires_at > clock_timestamp())
        and (d.deadline_at is null or d.clock_stopped_at is not null or d.deadline_at > clock_timestamp()) as "isAtGate",
      extract(epoch from clock_timestamp() - d.due_at)::float8 as "overdueSeconds"
    from deliveries d join messages m on m.id = d.message
    where d.due_at < clock_timestamp()`;

/** @returns overdue deliveries, the longest overdue first. Uses `deliveries_due`. */
export async function findOverdue(sql: Db, limit: number): Promise<Overdue[]> {
  return sql<Overdue[]>`${overdue(sql)} order by d.due_at limit ${limit}`;
}

/**
 * @returns the deliveries of one message that are overdue at this moment. A pass takes some time, and what it read at
 * its beginning may be out of date.
 */
export async function findOverdueOf(sql: Db, message: MessageId): Promise<Overdue[]> {
  return sql<Overdue[]>`${overdue(sql)} and d.message = ${message} order by d.id`;
}

/**
 * Makes deliveries that the sweep has looked after overdue again: after `seconds`, or after 10 minutes where they wait
 * at a gate, but no later than their expiry or, at a gate, their running deadline. Holds keep their time. Where a gate
 * with such a delivery is not marked as having a queue, it is marked again, so that the drain finds the delivery.
 */
export async function postpone(sql: Db, deliveries: readonly DeliveryId[], seconds: number): Promise<void> {
  await sql`
    with moment as materialized (
      select clock_timestamp() as at
    ), postponed as (
      update deliveries d
      set due_at = least(case when d.expires_at > m.at then d.expires_at end,
        case when d.gate is not null and d.clock_stopped_at is null and d.deadline_at > m.at then d.deadline_at end,
        m.at + make_interval(secs => case
          when d.gate is null or d.expires_at <= m.at or (d.clock_stopped_at is null and d.deadline_at <= m.at) then ${seconds}::float8
          else ${graceMs.gate / 1000}::float8 end))
      from moment m
      where d.id = any(${deliveries as string[]}) and d.due_at is not null and d.state not in ('parked', 'uncertain')
      returning d.tenant, d.gate
    )
    update gates g set has_waiters = true, arrivals = arrivals + 1
    from (select distinct tenant, gate from postponed) p
    where g.tenant = p.tenant and g.scope = p.gate and not g.has_waiters`;
}

/** Takes the end of a hold out of `due_at`, for parked deliveries whose hold has ended (S4). */
export async function endHolds(sql: Db, deliveries: readonly DeliveryId[]): Promise<void> {
  await sql`
    update deliveries set due_at = null
    where id = any(${deliveries as string[]}) and state in ('parked', 'uncertain') and hold_until <= clock_timestamp()`;
}

/**
 * Ends deliveries whose `expires_at` has passed and that cannot have arrived (S4). A delivery in doubt is left to its
 * next step. Locks deliveries in the order of their ids.
 * @returns the deliveries that it ended.
 */
export async function expireOverdue(sql: Db, deliveries: readonly DeliveryId[]): Promise<DeliveryId[]> {
  const rows = await sql<{ id: DeliveryId }[]>`
    with late as (
      select id from deliveries
      where id = any(${deliveries as string[]}) and expires_at <= clock_timestamp() and doubt_since is null
        and state in ('queued', 'waiting', 'retrying')
      order by id for update
    )
    update deliveries d
    set state = 'expired', reason = '{"code": "expired", "message": "The message expired before it was delivered."}', due_at = null,
      next_attempt_at = null, gate = null, slot_at = null, settled_at = clock_timestamp()
    from late where d.id = late.id returning d.id`;
  return rows.map(({ id }) => id);
}

/**
 * Lets one scheduled message whose time has come enter its lanes (N5, S4). It takes one message per statement, because
 * each message raises its conversation's counter. Locks the conversation, then deliveries, then the message. Of two
 * calls at once the second finds that the deliveries have a sequence already. Uses `messages_scheduled`.
 * @returns false where no message was due.
 */
export async function enterScheduled(sql: Db): Promise<boolean> {
  const rows = await sql`
    with due as materialized (
      select id, tenant, conversation from messages
      where send_at <= clock_timestamp() and send_at is not null and entered_at is null
      order by send_at limit 1
    ), counter as (
      update conversations c set sequence = c.sequence + 1 from due
      where c.tenant = due.tenant and c.id = due.conversation
      returning c.sequence
    ), placed as (
      update deliveries d
      set sequence = case when d.lane is not null then (select sequence from counter) end,
        due_at = least(d.expires_at, clock_timestamp() + make_interval(secs => ${graceMs.accepted / 1000}))
      from due where d.message = due.id and d.state in ('queued', 'waiting') and d.sequence is null
        and (select count(*) from counter) >= 0
      returning d.id
    )
    -- The counts make this update run after the two above, so that the message is locked last.
    update messages m
    set entered_at = clock_timestamp(), set_aside = false, sequence = (select sequence from counter)
    from due where m.id = due.id and m.entered_at is null and (select count(*) from placed) >= 0
    returning m.id`;
  return rows.length > 0;
}
