import { graceMs } from '../../domain/clocks.ts';
import { slotLeadMs } from '../../domain/gate.ts';
import type { TenantId } from '../../domain/ids.ts';
import { isSlow, placesLeft } from './busy.ts';
import type { Db } from '../db/db.ts';
import type { Called } from './lane.ts';

/** A gate at which deliveries wait, and that is not paused. */
export interface BusyGate {
  readonly tenant: TenantId;
  readonly scope: string;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Whether it lets anything through now, or a probe is due. */
  readonly isPassable: boolean;
  readonly isProbeDue: boolean;
  /** Raised by each that comes to wait; see `letThrough`. */
  readonly arrivals: number;
}

/** Those of which anything may go now or within `soonMs`; one that is paused is not looked at. Uses `gates_busy`. */
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

const awaken = (sql: Db) => sql`
  select a.id as delivery, a.message, m.workflow_id as "workflowId", m.dispatched_at is not null as "hasRun"
  from awake a join messages m on m.id = a.message order by a.band, a.id`;

/** Of the locked `gate`: how far its slots are apart by the rate that is configured now, null without one, and the next. */
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

/** Where there is a rate, its slots within the horizon are the limit; this is only against a rate beyond all measure. */
const mostOfRate = 200;

/**
 * Of the places that are free at a slow destination this part is given away in one look: when many slow sends end at once,
 * those that follow them do not all begin at once, and the wave gets flatter each time.
 */
const slowPart = 8;
const slowSeconds = 30;

const mostAtOnce = (sql: Db, most: number) =>
  sql`case when (select every from rate) is null then ${most}::integer else ${mostOfRate}::integer end`;

/**
 * Lets the next deliveries through a gate that is open, the most urgent first, the longest waiting among equals. Each gets
 * a slot of its own: of the scope's rate, as it is configured now, within the horizon; without a rate at once, and at most
 * `most`. The gate is without a queue again when nobody is left (not even one whose row is locked at this moment) and, by
 * `arrivals`, nobody has come since the gate was read: this statement's snapshot may be older than the gate's lock.
 * Messages without a run are brought back to the dispatcher.
 * @returns whom to wake, after the commit. Uses `deliveries_gate`.
 */
export async function letThrough(sql: Db, gate: BusyGate, most: number, horizonMs: number): Promise<Called[]> {
  const { tenant, scope, arrivals } = gate;
  return sql<Called[]>`
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
          then clock_timestamp() + make_interval(secs => ${slowSeconds}) else g.slow_until end
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
 * Chooses the one delivery that finds out whether a scope is back: the one with the fewest attempts made, so that a long
 * outage uses up nobody's attempts. It has a slot of its own, since others wait before it at a rate. Called again when a
 * probe did not come to anything in its time.
 * @returns whom to wake; none where nobody waits.
 */
export async function chooseProbe(sql: Db, gate: BusyGate, horizonMs: number): Promise<Called[]> {
  const { tenant, scope, arrivals } = gate;
  return sql<Called[]>`
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
      -- Nobody waits: whoever comes next is chosen at once.
      update gates g set has_waiters = false
      from gate where g.tenant = gate.tenant and g.scope = gate.scope and g.arrivals = ${arrivals}
        and not exists (select from picked)
        and not exists (select from deliveries d where d.tenant = ${tenant} and d.gate = ${scope} and d.state = 'waiting')
    ), back as (
      update messages m set set_aside = false from awake a where m.id = a.message and m.set_aside
    )
    ${awaken(sql)}`;
}
