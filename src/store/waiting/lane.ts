import { graceMs } from '../../domain/clocks.ts';
import type { DeliveryId, MessageId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';

/**
 * Whether a delivery `d` is not at the head of its lane.
 *
 * What lanes guarantee:
 * - N1. A lane is one conversation at one destination, or, for a message without one, the changes of that message
 *   there. Its deliveries go out in the order of their `sequence`: the order of acceptance, and for a scheduled message
 *   that of its time. Apart from N4, no lane waits for another one.
 * - N2. At most one delivery of a lane is being sent. The unique index `deliveries_lane_sending` enforces it.
 * - N3. A parked delivery holds the deliveries after it for `holdFor`. The time counts once per lane, from its first
 *   park since something was delivered there. With `onParked: pass` it holds none.
 * - N4. An edit, delete or reaction waits for the delivery of its original, and a reply for that of the message that it
 *   answers, in whatever lane that is. A reply stops waiting after five minutes (`depends_until`).
 * - N5. A scheduled message takes its place in its lanes when its time comes, not before.
 * - N6. A process that makes way wakes the delivery that goes next. A delivery that records its wait looks once more
 *   after that, so no wake-up falls between the two.
 *
 * Uses the primary keys, `deliveries_lane` and `deliveries_lane_held`.
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
 * Records that a delivery waits for its turn, and looks once more (N6): a process that settled between the caller's
 * look and this record found no waiting delivery and woke none.
 * @returns true where it still is not its turn.
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

/** A delivery that may go now, with what is needed to wake it. */
export interface ReadyDelivery {
  readonly delivery: DeliveryId;
  readonly message: MessageId;
  readonly workflowId: string;
  /** False where its message has no run yet: then it is woken through the dispatcher. */
  readonly hasRun: boolean;
}

/** The next delivery of a lane. */
export interface NextInLane extends ReadyDelivery {
  /**
   * A gate of its destination, or of a connection of its tenant, is shut or has a queue: it may have to wait there
   * first.
   */
  readonly isGated: boolean;
}

/**
 * The deliveries that may go now because those in `s` have come to rest: the first of each lane, and those that depend
 * on them (N1, N4). A parked delivery holds only later ones (N3): an earlier delivery that was retried meanwhile waited
 * for it alone. `s` may be the snapshot from before. Uses `deliveries_lane` and `deliveries_depends`.
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

/** The columns of a `NextInLane`, from `n` of `nextOf` and its message `m`. All are null where there is none. */
export const nextColumns = (sql: Db) => sql`
  m.workflow_id as "workflowId", m.dispatched_at is not null as "hasRun", exists (
    select from gates g
    where g.tenant = m.tenant and (g.scope = 'destination:' || n.destination or g.scope like 'connection:%')
      and (g.has_waiters or g.paused_at is not null or g.breaker <> 'closed' or g.held_until > clock_timestamp())) as "isGated"`;

/**
 * @returns the deliveries that go next in the lanes that these deliveries left or no longer hold, and their dependents.
 */
export async function findNextInLanes(sql: Db, left: readonly DeliveryId[]): Promise<NextInLane[]> {
  return sql<NextInLane[]>`
    select distinct n.id as delivery, m.id as message, ${nextColumns(sql)}
    from deliveries s cross join lateral (${nextOf(sql)}) n join messages m on m.id = n.message
    where s.id = any(${left as string[]})`;
}

/**
 * Returns messages that were set aside to the dispatcher, because one of their deliveries may go now. A scheduled
 * message stays set aside until its time (N5). Locks messages in the order of their ids.
 */
export async function returnToDispatcher(sql: Db, messages: readonly MessageId[]): Promise<void> {
  await sql`
    with theirs as materialized (
      select id from messages
      where id = any(${messages as string[]}) and set_aside and (send_at is null or entered_at is not null)
      order by id for no key update
    )
    update messages m set set_aside = false from theirs t where m.id = t.id`;
}
