import { graceMs } from '../../domain/clocks.ts';
import type { Shut } from '../../domain/gate.ts';
import type { DeliveryId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';

/** The deadline, moved on by a wait that does not count against it and ends now. */
export const runningDeadline = (sql: Db) =>
  sql`deadline_at + coalesce(clock_timestamp() - clock_stopped_at, interval '0')`;

/** What an operator reads while a delivery waits, after the name of what is shut. */
const texts: Record<Why, string> = {
  paused: 'is paused.',
  breaker: 'does not answer. It goes out when a probe has got through.',
  retry_after: 'asked us to stay away for a time.',
  busy: 'has as many on their way to it as it gets at once.',
  rate: 'gets no more than its rate allows.',
};

type Why = Shut['why'] | 'rate';

/**
 * Records that the deliveries `gated (id, tenant, scope, code)`, locked, wait at a gate, without a time of their own:
 * whoever opens the gate calls those who wait, in the order of their bands. Only behind a breaker the deadline goes on. For
 * the `with` of a statement; `waiting` has their ids. Gates are locked in their order, after the deliveries.
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

/** Records that one waits at a gate; see `queueUp`. @returns whether it does: it may have come to rest meanwhile. */
export async function waitAtGate(sql: Db, id: DeliveryId, scope: string, why: Why): Promise<boolean> {
  const rows = await sql`
    with gated as materialized (
      select id, tenant, ${scope} as scope, ${why} as code from deliveries
      where id = ${id} and state in ('queued', 'waiting', 'retrying') for update
    ), ${queueUp(sql)}
    select id from waiting`;
  return rows.length > 0;
}
