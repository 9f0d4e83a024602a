import { graceMs } from '../../domain/clocks.ts';
import type { DeliveryId, MessageId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';

/**
 * Of a delivery `d`: its time has not come yet, what it depends on is still under way, another one of its lane comes before it or is being sent, or
 * one that parked holds the lane. Uses the primary keys, `deliveries_lane` and `deliveries_lane_held`. In one statement
 * with a claim it only spares conflicts, because a statement that waited for a lock still looks with its old snapshot.
 */
export const isBehind = (sql: Db) => sql`
  (exists (select from messages s where s.id = d.message and s.send_at is not null and s.entered_at is null)
  or (d.depends_on is not null and (d.depends_until is null or d.depends_until > clock_timestamp()) and exists (
    select from deliveries p
    where p.id = d.depends_on and p.state in ('queued', 'waiting', 'sending', 'retrying')))
  or d.lane is not null and (exists (
    select from deliveries o
    where o.tenant = d.tenant and o.destination = d.destination and o.lane = d.lane and o.id <> d.id
      and o.state in ('queued', 'waiting', 'sending', 'retrying')
      and (o.sequence < d.sequence or o.state = 'sending'))
  or exists (
    select from deliveries o
    where o.tenant = d.tenant and o.destination = d.destination and o.lane = d.lane and o.sequence < d.sequence
      and o.state in ('parked', 'uncertain') and o.hold_for is not null
      and o.hold_until is not null and o.hold_until > clock_timestamp())))`;

/**
 * Records that a delivery waits for its turn, and looks once more: whoever settled between the look that sent us here
 * and this record found nobody waiting, and woke nobody.
 * @returns true when it still is not its turn.
 */
export async function waitForTurn(sql: Db, id: DeliveryId): Promise<boolean> {
  await sql`
    update deliveries
    set state = 'waiting', reason = '{"code": "turn", "message": "An earlier message of its conversation goes first."}',
      next_attempt_at = null, due_at = least(clock_timestamp() + make_interval(secs => ${graceMs.turn / 1000}), depends_until, expires_at), gate = null,
      slot_at = null, clock_stopped_at = coalesce(clock_stopped_at, clock_timestamp())
    where id = ${id} and state in ('queued', 'waiting', 'retrying')`;
  const [row] = await sql<{ isBehind: boolean }[]>`
    select ${isBehind(sql)} as "isBehind" from deliveries d where d.id = ${id} and d.state = 'waiting'`;
  return row?.isBehind === true;
}

/** A delivery that can go now, and where to call it. */
export interface Called {
  readonly delivery: DeliveryId;
  readonly message: MessageId;
  readonly workflowId: string;
  /** False when its message has no run yet: the dispatcher must look again. */
  readonly hasRun: boolean;
}

/** One whose turn it is. */
export interface NextInLane extends Called {
  /** Its destination, or a connection of its tenant, has a queue or is shut: maybe it must wait there first. */
  readonly isGated: boolean;
}

/**
 * Of deliveries in `s`, which have just come to rest, those that may go now: the first of each lane, and what depends on
 * them. One that holds its lane holds only those after it: one before it, retried while it was sent, waited for it alone. What is scheduled is in no lane before its time. Uses `deliveries_lane` and `deliveries_depends`.
 * `s` may be the snapshot of before.
 */
export const nextOf = (sql: Db) => sql`
  select o.id, o.message, o.destination from deliveries o
  where s.lane is not null
    and o.id = (
      select f.id from deliveries f
      where f.tenant = s.tenant and f.destination = s.destination and f.lane = s.lane and f.id <> s.id
        and f.state in ('queued', 'waiting', 'sending', 'retrying') and f.sequence is not null
      order by f.sequence limit 1)
    and (o.sequence < s.sequence
      or not (s.state in ('parked', 'uncertain') and s.hold_for is not null and s.hold_until > clock_timestamp()))
  union
  select o.id, o.message, o.destination from deliveries o join messages e on e.id = o.message
  where o.depends_on = s.id and o.state in ('queued', 'waiting') and (e.send_at is null or e.entered_at is not null)`;

/** What a `NextInLane` is made of, of `n` by `nextOf` and its message `m`; all null where there is none. */
export const nextColumns = (sql: Db) => sql`
  m.workflow_id as "workflowId", m.dispatched_at is not null as "hasRun", exists (
    select from gates g
    where g.tenant = m.tenant and (g.scope = 'destination:' || n.destination or g.scope like 'connection:%')
      and (g.has_waiters or g.paused_at is not null or g.breaker <> 'closed' or g.held_until > clock_timestamp())) as "isGated"`;

/** Of each lane that these deliveries left, or hold no more, the one that goes next; and what depends on them. */
export async function findNextInLanes(sql: Db, left: readonly DeliveryId[]): Promise<NextInLane[]> {
  return sql<NextInLane[]>`
    select distinct n.id as delivery, m.id as message, ${nextColumns(sql)}
    from deliveries s cross join lateral (${nextOf(sql)}) n join messages m on m.id = n.message
    where s.id = any(${left as string[]})`;
}

/** They may go now: the dispatcher, which set their messages aside, looks at them again; not before their time. Locks messages by id. */
export async function bringBack(sql: Db, messages: readonly MessageId[]): Promise<void> {
  await sql`
    with theirs as materialized (
      select id from messages
      where id = any(${messages as string[]}) and set_aside and (send_at is null or entered_at is not null)
      order by id for no key update
    )
    update messages m set set_aside = false from theirs t where m.id = t.id`;
}
