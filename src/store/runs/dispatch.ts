import type { DeliveryId, DestinationId, MessageId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';
import type { EnvelopeRow } from '../db/envelope.ts';
import { isBehind } from '../waiting/lane.ts';
import { couldGo, namedGate, shutGateOf } from '../waiting/gate-shut.ts';
import { queueUp } from '../waiting/wait.ts';

/**
 * A message that needs a run, with everything that the run is started with. Ids only, because they travel in the
 * history.
 */
export interface Dispatchable extends Pick<EnvelopeRow, 'tenant' | 'type' | 'source' | 'conversation' | 'class'> {
  readonly message: MessageId;
  readonly workflowId: string;
  /** 1 critical … 4 low. */
  readonly band: number;
  readonly deliveries: readonly {
    readonly id: DeliveryId;
    readonly destination: DestinationId;
    readonly timeoutMs: number;
  }[];
}

/** P1: a lease that no start follows lapses after this time, and the message is leased again. */
const leaseSeconds = 30;

/** A worker that was silent for this long does not count as living. Each worker writes a sign of life every 5 s. */
const aliveSeconds = 15;

/** How many messages of each tenant one look covers; each band gets its share of them. */
const lookedAt = 40;

/** P4: the weight of each band. Of 15 starts critical gets 8, high 4, normal 2 and low 1, so that none starves. */
const bandShare = (sql: Db, band = sql`band`) =>
  sql`(case ${band} when 1 then 8 when 2 then 4 when 3 then 2 else 1 end)`;

/**
 * P4: `part` is the share of the room that a band may fill together with the more urgent bands. So an urgent message
 * finds room, and on a busy machine it shares the cores with few others. `minimum`, in hundredths of the room, is what
 * the band gets even beside a flood of more urgent messages.
 */
const bandRooms = (sql: Db) =>
  sql`(values (1, 1.0, 16), (2, 0.75, 8), (3, 0.5, 4), (4, 0.1, 2)) b (band, part, minimum)`;

const runInput = (sql: Db) => sql`
  m.id as message, m.tenant, m.workflow_id as "workflowId", m.type, m.source, m.conversation, m.band, m.class,
  (select jsonb_agg(jsonb_build_object('id', d.id, 'destination', d.destination, 'timeoutMs', d.timeout_ms) order by d.id)
   from deliveries d where d.message = m.id) as deliveries`;

export interface Leases {
  readonly leased: readonly Dispatchable[];
  /** Messages that were set aside because none of their deliveries could go now; see `queueSetAside`. */
  readonly setAside: readonly MessageId[];
  /** Some tenant has more messages than one look covers. Behind those that were set aside, others may be able to go. */
  readonly isMore: boolean;
}

/**
 * Leases messages that have no run and need one.
 *
 * What dispatching guarantees:
 * - P1. PostgreSQL holds the queue. A lease lasts 30 s, so a worker that dies with it loses nothing.
 * - P2. Two workers never lease the same message at the same time: rows are locked, and locked rows are skipped.
 * - P3. A start is written down after Temporal acknowledged it. Where that write is lost, the next start finds the run
 *   by its workflow id, which is made from the dedupe key, and wakes it.
 * - P4. Tenants take turns. Within a tenant the bands get their shares, and within a band the oldest message goes
 *   first.
 * - P5. About `room` messages per living worker are started without having claimed anything yet; each band has its
 *   minimum on top. Messages of less urgent bands do not count against more urgent ones.
 * - P6. The dispatcher starts a message only where one of its deliveries could go now. All others are set aside and
 *   cost nothing; the process that makes way for one of their deliveries returns them (`returnToDispatcher`), and the
 *   sweep repeats that.
 *
 * Uses `messages_dispatch`, `messages_unclaimed`, `messages_in_flight` and the indexes of `couldGo`.
 * @param limit how many messages to lease at most.
 */
export async function leaseMessages(sql: Db, limit: number, room: number): Promise<Leases> {
  const rows = await sql<(Dispatchable & { setAside: boolean; isMore: boolean })[]>`
    with unclaimed as ( -- P5: a delivery that waits at a gate does not count
      select m.band, count(*) as number from messages m
      where m.state = 'accepted' and m.dispatched_at is not null and m.dispatched_at > clock_timestamp() - interval '10 minutes'
        and exists (select from deliveries d where d.message = m.id and d.state = 'queued')
      group by m.band
    ), space as materialized (
      select ${room}::integer * greatest(1, count(*)) as room from workers
      where seen_at > clock_timestamp() - make_interval(secs => ${aliveSeconds})
    ), bands as materialized (
      select b.band from space cross join ${bandRooms(sql)}
      where coalesce((select sum(number) from unclaimed u where u.band <= b.band), 0) < b.part * room
        or coalesce((select number from unclaimed u where u.band = b.band), 0) < b.minimum * room / 100.0
    ), looked as materialized (
      select w.*, least(share.free, ${lookedAt}) as most from tenants t
      cross join lateral (
        select case when t.limits ? 'inFlight' then greatest(0, (t.limits->>'inFlight')::bigint - (
          select count(*) from messages f where f.tenant = t.id and f.dispatched_at is not null and f.open_count > 0))
        else ${lookedAt} end as free) share
      cross join lateral (
        select m.* from bands b
        cross join lateral (
          select m.id, m.tenant, m.band, m.received_at, row_number() over (order by m.received_at) as nth from messages m
          where m.tenant = t.id and m.band = b.band and m.dispatched_at is null and m.open_count > 0 and not m.set_aside
            and (m.lease_until is null or m.lease_until < clock_timestamp())
          order by m.received_at limit ${lookedAt}) m
        order by m.nth::float8 / ${bandShare(sql, sql`m.band`)}, m.band limit least(share.free, ${lookedAt})) w
    ), judged as materialized (
      select l.id, l.tenant, l.band, l.nth, ${couldGo(sql)} as ready from looked l join messages m on m.id = l.id
    ), ranked as materialized (
      select id, band, row_number() over (partition by tenant order by nth::float8 / ${bandShare(sql)}, band) as rank
      from judged where ready
    ), chosen as materialized ( -- P2: locked here, so that two workers do not choose the same messages and lease nothing
      select m.id, true as ready from ranked r join messages m on m.id = r.id
      where m.dispatched_at is null and (m.lease_until is null or m.lease_until < clock_timestamp())
      order by r.rank, r.band limit ${limit} for update of m skip locked
    ), aside as materialized (
      select m.id, false as ready from judged j join messages m on m.id = j.id
      where not j.ready and m.dispatched_at is null for update of m skip locked
    ), leased as (
      update messages m
      set lease_until = case when c.ready then clock_timestamp() + make_interval(secs => ${leaseSeconds}) else m.lease_until end,
        set_aside = not c.ready
      from (select * from chosen union all select * from aside) c where m.id = c.id
      returning m.id, m.set_aside
    )
    select ${runInput(sql)}, l.set_aside as "setAside", (
      select bool_or(is_cut) from (select count(*) >= min(most) as is_cut from looked group by tenant) tenants) as "isMore"
    from leased l join messages m on m.id = l.id order by m.band, m.received_at`;
  return {
    leased: rows.filter(({ setAside }) => !setAside),
    setAside: rows.filter(({ setAside }) => setAside).map(({ message }) => message),
    isMore: rows.some(({ isMore }) => isMore),
  };
}

/**
 * P6, for messages that were just set aside: deliveries that a gate keeps wait there from now on, where operators see
 * them, and messages that could go by now are returned to the dispatcher. This statement's snapshot is from after the
 * setting aside. So it sees a process that made way before; a process that makes way later finds the message set aside
 * and returns it itself.
 * @returns whether any message was returned.
 */
export async function queueSetAside(sql: Db, messages: readonly MessageId[]): Promise<boolean> {
  const [row] = await sql<{ back: number }[]>`
    with shut as materialized (
      select d.id, d.tenant, ${shutGateOf(sql)} as scope from deliveries d
      where d.message = any(${messages as string[]}) and d.state in ('queued', 'waiting') and d.gate is null
        and d.slot_at is null and not ${isBehind(sql)}
      order by d.id for update of d
    ), ${namedGate(sql)}, ${queueUp(sql)}, back as (
      update messages m set set_aside = false
      from (
        select m.id from messages m where m.id = any(${messages as string[]}) and m.set_aside and ${couldGo(sql)}
        order by m.id for no key update) free
      where m.id = free.id
      returning m.id
    )
    select count(*)::integer as back from back`;
  return (row?.back ?? 0) > 0;
}

/** P3: writes that the runs of these messages are started. Locks messages in the order of their ids. */
export async function markDispatched(sql: Db, messages: readonly MessageId[]): Promise<void> {
  await sql`
    with theirs as materialized (
      select id from messages where id = any(${messages as string[]}) order by id for no key update
    )
    update messages m set dispatched_at = coalesce(dispatched_at, clock_timestamp()) from theirs t where m.id = t.id`;
}

/**
 * The starts of these messages failed: any worker may lease them again at once. Locks messages in the order of their
 * ids.
 */
export async function returnLeases(sql: Db, messages: readonly MessageId[]): Promise<void> {
  await sql`
    with theirs as materialized (
      select id from messages where id = any(${messages as string[]}) and dispatched_at is null order by id for no key update
    )
    update messages m set lease_until = null from theirs t where m.id = t.id`;
}

/** @returns everything that a run of this message is started with; undefined where there is no such message. */
export async function findDispatchable(sql: Db, message: MessageId): Promise<Dispatchable | undefined> {
  const [row] = await sql<Dispatchable[]>`select ${runInput(sql)} from messages m where m.id = ${message}`;
  return row;
}
