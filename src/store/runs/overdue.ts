import { graceMs } from '../../domain/clocks.ts';
import type { DeliveryState } from '../../domain/delivery.ts';
import type { DeliveryId, DestinationId, MessageId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';
import { isBehind } from '../waiting/lane.ts';

/** A delivery to which something should have happened by now. */
export interface Overdue {
  readonly id: DeliveryId;
  readonly message: MessageId;
  readonly destination: DestinationId;
  readonly state: DeliveryState;
  /** Seconds that it is overdue. */
  readonly overdueSeconds: number;
  /** Whether its message is known to have been given a run. */
  readonly hasRun: boolean;
  /** Another delivery of its lane is before it, or is being sent. */
  readonly isBehind: boolean;
  /** It waits at a gate, within its time: whoever opens the gate calls it. */
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

/** The longest overdue first. Uses `deliveries_due`. */
export async function findOverdue(sql: Db, limit: number): Promise<Overdue[]> {
  return sql<Overdue[]>`${overdue(sql)} order by d.due_at limit ${limit}`;
}

/** Those of one message that still are: a pass takes its time, and what it read at its beginning may be mended. */
export async function findOverdueOf(sql: Db, message: MessageId): Promise<Overdue[]> {
  return sql<Overdue[]>`${overdue(sql)} and d.message = ${message} order by d.id`;
}

/**
 * They were looked after: look again in so many seconds, unless something happens first, and when their time is over. A
 * gate at which one of them waits, and that has forgotten it, is told again.
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

/** The time for which they held their lanes is over. */
export async function endHolds(sql: Db, deliveries: readonly DeliveryId[]): Promise<void> {
  await sql`
    update deliveries set due_at = null
    where id = any(${deliveries as string[]}) and state in ('parked', 'uncertain') and hold_until <= clock_timestamp()`;
}

/**
 * Ends those whose time to be worth anything is over and that certainly did not arrive; what may have arrived is decided
 * by its next look at the ledger. Locks deliveries in the order of their ids.
 * @returns those that it ended.
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
    set state = 'expired', reason = '{"code": "expired", "message": "It was worth nothing any more."}', due_at = null,
      next_attempt_at = null, gate = null, slot_at = null, settled_at = clock_timestamp()
    from late where d.id = late.id returning d.id`;
  return rows.map(({ id }) => id);
}

/**
 * Lets scheduled messages whose time has come take their place in their conversations, one statement each, because each
 * raises its conversation's counter. Locks conversation, deliveries, message; of two at once the second finds the
 * deliveries placed. Uses `messages_scheduled`.
 * @returns false when none was due.
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
    -- Counting makes it wait for the two above: the message is locked last.
    update messages m
    set entered_at = clock_timestamp(), set_aside = false, sequence = (select sequence from counter)
    from due where m.id = due.id and m.entered_at is null and (select count(*) from placed) >= 0
    returning m.id`;
  return rows.length > 0;
}
