import { graceMs } from '../../domain/clocks.ts';
import type { Shut } from '../../domain/gate.ts';
import type { DeliveryId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';
import { isBehind } from './lane.ts';
import { namedGate, shutGateOf } from './gate-shut.ts';

/** The deadline of a delivery, moved on by a wait that does not count against it and that ends now. */
export const runningDeadline = (sql: Db) =>
  sql`deadline_at + coalesce(clock_timestamp() - clock_stopped_at, interval '0')`;

/** What an operator reads while a delivery waits, behind the gate's name. */
const texts: Record<Why, string> = {
  paused: 'is paused.',
  breaker: 'does not answer. The delivery goes out when a probe has got through.',
  retry_after: 'asked Carillon to wait.',
  busy: 'has as many sends under way as it may have at once.',
  rate: 'is at its rate limit.',
};

type Why = Shut['why'] | 'rate';

/**
 * Records that the locked deliveries `gated (id, tenant, scope, code)` wait at a gate. They have no time of their own:
 * the drain calls them (G1). Their deadline stands still, except behind an open breaker. This is a part of a
 * statement's `with`; `waiting` has the ids. Gates are locked in the order of their names, after the deliveries.
 */
export const queueUp = (sql: Db) => sql`
  waiting as (
    update deliveries d
    set state = 'waiting', gate = g.scope, slot_at = null, next_attempt_at = null,
      reason = jsonb_build_object('code', g.code, 'message', replace(g.scope, ':', ' ') || ' ' || (${json(sql, texts)}::jsonb ->> g.code)),
      deadline_at = case when g.code = 'breaker' then ${runningDeadline(sql)} else deadline_at end,
      clock_stopped_at = case when g.code = 'breaker' then null else coalesce(clock_stopped_at, clock_timestamp()) end,
      due_at = least(case when g.code = 'breaker' then ${runningDeadline(sql)} end, expires_at,
        clock_timestamp() + make_interval(secs => ${graceMs.gate / 1000}))
    from gated g where d.id = g.id
    returning d.id, d.tenant, g.scope
  ), line as (
    insert into gates (tenant, scope, has_waiters, arrivals)
    select tenant, scope, true, count(*) from waiting group by tenant, scope order by tenant, scope
    on conflict (tenant, scope) do update set has_waiters = true, arrivals = gates.arrivals + excluded.arrivals
  )`;

/**
 * Records that one delivery waits at a gate; see `queueUp`. @returns false where it came to rest or was claimed
 * meanwhile.
 */
export async function waitAtGate(sql: Db, id: DeliveryId, scope: string, why: Why): Promise<boolean> {
  const rows = await sql`
    with gated as materialized (
      select id, tenant, ${scope} as scope, ${why} as code from deliveries
      where id = ${id} and state in ('queued', 'waiting', 'retrying') for update
    ), ${queueUp(sql)}
    select id from waiting`;
  return rows.length > 0;
}

/**
 * Lets deliveries whose turn it is wait at their gates where these are shut, without asking their runs. Waking a run to
 * find that out would cost two workflow tasks and an activity, as much as the delivery itself. A delivery that is under
 * way, or whose run is not known to wait, is left alone.
 * @returns the deliveries that wait at a gate now. The caller wakes the others.
 */
export async function queueAtGates(sql: Db, deliveries: readonly DeliveryId[]): Promise<ReadonlySet<DeliveryId>> {
  const rows = await sql<{ id: DeliveryId }[]>`
    with asked as materialized (
      select item.request #>> '{}' as id from few(${json(sql, deliveries)}) as item (request)
    ), shut as materialized (
      select d.id, d.tenant, ${shutGateOf(sql)} as scope
      from asked a join deliveries d on d.id = a.id join messages m on m.id = d.message
      where d.gate is null and d.slot_at is null and (d.state = 'waiting' or (d.state = 'queued' and m.set_aside))
        and not ${isBehind(sql)}
      order by d.id for update of d
    ), ${namedGate(sql)}, ${queueUp(sql)}
    select id from waiting`;
  return new Set(rows.map(({ id }) => id));
}
