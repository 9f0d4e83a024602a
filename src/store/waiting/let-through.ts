import { graceMs } from '../../domain/clocks.ts';
import { slotLeadMs } from '../../domain/gate.ts';
import type { TenantId } from '../../domain/ids.ts';
import { isSlow, placesLeft } from './gate-shut.ts';
import type { Db } from '../db/db.ts';
import type { ReadyDelivery } from './lane.ts';

/** A gate that has a queue and is not paused. */
export interface BusyGate {
  readonly tenant: TenantId;
  readonly scope: string;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Whether it lets anything through now, or a probe is due. */
  readonly isPassable: boolean;
  readonly isProbeDue: boolean;
  /** Raised by each delivery that comes to wait (G6). */
  readonly arrivals: number;
}

/** @returns the gates that let something through now or within `soonMs` milliseconds. Uses `gates_busy`. */
export async function findBusyGates(sql: Db, soonMs: number): Promise<BusyGate[]> {
  return sql<BusyGate[]>`
    select tenant, scope, breaker, arrivals,
      breaker = 'closed' and (held_until is null or held_until <= clock_timestamp()) as "isPassable",
      breaker <> 'closed' and probe_at <= clock_timestamp() as "isProbeDue"
    from gates
    where has_waiters and paused_at is null
      and coalesce(case when breaker = 'closed' then held_until else probe_at end, '-infinity')
        <= clock_timestamp() + make_interval(secs => ${soonMs / 1000}::float8)
    order by tenant, scope`;
}

/** The final select of `letThrough` and `chooseProbe`: the deliveries to wake. */
const awaken = (sql: Db) => sql`
  select a.id as delivery, a.message, m.workflow_id as "workflowId", m.dispatched_at is not null as "hasRun"
  from awake a join messages m on m.id = a.message order by a.band, a.id`;

/**
 * For the locked `gate`: the interval between its slots by today's configuration (null without a rate), and the next
 * slot.
 */
const rateOf = (sql: Db) => sql`
  select g.tenant, g.scope, r.every,
    greatest(clock_timestamp() + make_interval(secs => case when r.every is null then 0 else ${slotLeadMs / 1000}::float8 end),
      g.tat - (r.burst - 1) * r.every) as first_slot
  from gate g
  left join lateral (
    select (rate->>'burst')::integer as burst,
      make_interval(secs => (rate->>'perMs')::float8 / (rate->>'limit')::float8 / 1000) as every
    from (
      select rate from destinations where tenant = g.tenant and g.scope = 'destination:' || id
      union all
      select rate from connections where tenant = g.tenant and g.scope = 'connection:' || id) configured) r on true`;

/** With a rate, its slots within the horizon are the limit. This bound only guards against an absurdly high rate. */
const mostOfRate = 200;

/**
 * At a slow destination one look gives away only this part of the free places. When many slow sends end at once, the
 * next ones then do not all begin at once, and the wave gets flatter each time.
 */
const slowPart = 8;
const slowForSeconds = 30;

const mostAtOnce = (sql: Db, most: number) =>
  sql`case when (select every from rate) is null then ${most}::integer else ${mostOfRate}::integer end`;

/**
 * Lets the next deliveries through an open gate.
 *
 * What the drain guarantees:
 * - G1. A delivery that waits at a gate spends no attempt and has no timer, and a message without a run gets none for
 *   it. The drain calls it.
 * - G2. The most urgent band goes first, and within a band the oldest delivery.
 * - G3. Each delivery that is called gets a time slot. With a rate, the slots keep the interval that is configured now.
 *   Without one, at most `most` deliveries go at once. At the gate of a destination, never more go than it has free
 *   places.
 * - G4. While a breaker is open, at most one delivery at a time is called as a probe: the one with the fewest attempts
 *   in its retry cycle, so that a long outage does not use up the attempts of one delivery.
 * - G5. A called delivery keeps its slot for a limited time. Where it does not come, the slot is lost and the sweep
 *   looks after the delivery.
 * - G6. A gate stops having a queue only where no delivery waits, not even one whose row is locked at this moment, and
 *   none has come since the gate was read (`arrivals`): this statement's snapshot may be older than the gate's lock.
 *
 * A message without a run goes back to the dispatcher. Uses `deliveries_gate`.
 * @param most the most deliveries per call at a gate without a rate.
 * @param horizonMs how far ahead slots of a rate are given out.
 * @returns the deliveries to wake after the commit.
 */
export async function letThrough(sql: Db, gate: BusyGate, most: number, horizonMs: number): Promise<ReadyDelivery[]> {
  const { tenant, scope, arrivals } = gate;
  return sql<ReadyDelivery[]>`
    with gate as materialized (
      select * from gates
      where tenant = ${tenant} and scope = ${scope} and paused_at is null and breaker = 'closed'
        and (held_until is null or held_until <= clock_timestamp())
      for update
    ), rate as materialized (${rateOf(sql)}
    ), pace as materialized (
      select g.slow, case when g.slow or g.slow_until > clock_timestamp() then ceil(g.free / ${slowPart}::float8)::integer else g.free end as free
      from (
        select slow_until, greatest(0, ${placesLeft(sql, sql`${tenant}`, sql`substr(${scope}::text, 13)`)}) as free,
          ${isSlow(sql, sql`${tenant}`, sql`substr(${scope}::text, 13)`)} as slow
        from gate where scope like 'destination:%') g
    ), picked as materialized (
      select d.id, d.band from deliveries d
      where d.tenant = ${tenant} and d.gate = ${scope} and d.state = 'waiting' and exists (select from gate)
      order by d.band, d.id
      limit case when ${scope}::text like 'destination:%'
        then least(${mostAtOnce(sql, most)}, (select free from pace))
        else ${mostAtOnce(sql, most)} end
      for update skip locked
    ), chosen as materialized (
      select * from (
        select p.id, case when r.every is null then clock_timestamp()
          else r.first_slot + (row_number() over (order by p.band, p.id) - 1) * r.every end as slot_at
        from picked p cross join rate r) slots
      where slot_at <= clock_timestamp() + make_interval(secs => ${horizonMs / 1000})
    ), awake as (
      update deliveries d
      set gate = null, slot_at = c.slot_at, slot_scope = ${scope},
        due_at = least(expires_at, c.slot_at + make_interval(secs => ${graceMs.called / 1000}))
      from chosen c where d.id = c.id
      returning d.id, d.message, d.band
    ), counted as (
      update gates g
      set has_waiters = g.arrivals <> ${arrivals} or exists (
          select from deliveries d
          where d.tenant = ${tenant} and d.gate = ${scope} and d.state = 'waiting' and d.id not in (select id from chosen)),
        tat = case when r.every is null or not exists (select from chosen) then g.tat
          else greatest(g.tat, r.first_slot) + (select count(*) from chosen) * r.every end,
        slow_until = case when (select slow from pace)
          then clock_timestamp() + make_interval(secs => ${slowForSeconds}) else g.slow_until end
      from rate r where g.tenant = r.tenant and g.scope = r.scope
    ), back as (
      update messages m set set_aside = false
      from (
        select id from messages where id in (select message from awake) and set_aside order by id for no key update) b
      where m.id = b.id
    )
    ${awaken(sql)}`;
}

/**
 * G4: chooses the probe of an open breaker. It gets a slot of its own, because others may wait before it at a rate.
 * When a probe brought no result in its time, the next one is chosen.
 * @returns the probe, to be woken after the commit; none where no delivery waits.
 */
export async function chooseProbe(sql: Db, gate: BusyGate, horizonMs: number): Promise<ReadyDelivery[]> {
  const { tenant, scope, arrivals } = gate;
  return sql<ReadyDelivery[]>`
    with gate as materialized (
      select * from gates
      where tenant = ${tenant} and scope = ${scope} and paused_at is null and breaker <> 'closed'
        and probe_at <= clock_timestamp()
      for update
    ), rate as materialized (${rateOf(sql)}
    ), picked as materialized (
      select d.id, d.timeout_ms from deliveries d
      where d.tenant = ${tenant} and d.gate = ${scope} and d.state = 'waiting'
        and exists (select from rate where first_slot <= clock_timestamp() + make_interval(secs => ${horizonMs / 1000}))
      order by d.attempts - d.round_start, d.band, d.id limit 1 for update skip locked
    ), awake as (
      update deliveries d
      set gate = null, slot_at = r.first_slot, slot_scope = ${scope}, due_at = least(expires_at, clock_timestamp() + make_interval(secs => ${graceMs.called / 1000}))
      from picked p cross join rate r where d.id = p.id
      returning d.id, d.message, d.band
    ), counted as (
      update gates g
      set breaker = 'half-open', probe = p.id, tat = coalesce(greatest(g.tat, r.first_slot) + r.every, g.tat),
        probe_at = clock_timestamp() + make_interval(secs => p.timeout_ms / 1000.0 + ${graceMs.called / 1000})
      from picked p cross join rate r where g.tenant = ${tenant} and g.scope = ${scope}
    ), idle as (
      -- G6: no delivery waits. The next one that comes becomes the probe at once.
      update gates g set has_waiters = false
      from gate where g.tenant = gate.tenant and g.scope = gate.scope and g.arrivals = ${arrivals}
        and not exists (select from picked)
        and not exists (select from deliveries d where d.tenant = ${tenant} and d.gate = ${scope} and d.state = 'waiting')
    ), back as (
      update messages m set set_aside = false from awake a where m.id = a.message and m.set_aside
    )
    ${awaken(sql)}`;
}
