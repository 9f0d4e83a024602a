import { breakerLimits, type GateName } from '../../domain/gate.ts';
import type { Reason } from '../../domain/failure.ts';
import { json, type Db } from '../db/db.ts';

/** What a failed attempt says about one gate. The names of the fields are in histories. */
export interface GateReport {
  readonly scope: GateName;
  /** It counts against the gate's breaker. */
  readonly failed: boolean;
  /** The platform's Retry-After for everything behind this gate, milliseconds. */
  readonly heldMs?: number;
  /** The gate is paused until an operator resumes it. */
  readonly pauses?: true;
}

/**
 * The part of a failed settle that counts against breakers, shuts gates for a Retry-After and pauses them. It does
 * nothing where `settled` is empty. A breaker opens after `breakerLimits.failures` in a row, and again, for twice as
 * long, when its probe fails. Gates are locked after the delivery and in the order of their names.
 */
export const recordGateReports = (sql: Db, troubles: readonly GateReport[], reason: Reason) => sql`
  insert into gates as g (tenant, scope, failures, reason, held_until, paused_at, pause_reason)
  select s.tenant, t.scope, t.failed::integer, case when t.failed then ${json(sql, reason)}::jsonb end,
    clock_timestamp() + make_interval(secs => t.held_ms / 1000),
    case when t.pauses then clock_timestamp() end, case when t.pauses then ${json(sql, reason)}::jsonb end
  from settled s, jsonb_to_recordset(${json(
    sql,
    troubles.map(({ scope, failed, heldMs = null, pauses = false }) => ({ scope, failed, held_ms: heldMs, pauses })),
  )}) as t (scope text, failed boolean, held_ms float8, pauses boolean)
  order by t.scope
  on conflict (tenant, scope) do update set
    failures = g.failures + excluded.failures,
    reason = coalesce(excluded.reason, g.reason),
    held_until = greatest(g.held_until, excluded.held_until),
    paused_at = coalesce(g.paused_at, excluded.paused_at),
    pause_reason = case when g.paused_at is null then excluded.pause_reason else g.pause_reason end,
    breaker = case when ${opens(sql)} then 'open' else g.breaker end,
    opened_at = case when ${opens(sql)} and g.breaker = 'closed' then clock_timestamp() else g.opened_at end,
    openings = g.openings + case when ${opens(sql)} then 1 else 0 end,
    probe = case when ${opens(sql)} then null else g.probe end,
    probe_at = case when ${opens(sql)} then clock_timestamp() + make_interval(secs => least(
      ${breakerLimits.firstProbeMs / 1000} * 2.0 ^ least(g.openings, 20), ${breakerLimits.longestProbeMs / 1000})) else g.probe_at end,
    updated_at = clock_timestamp()`;

const opens = (sql: Db) => sql`(excluded.failures > 0 and (
  (g.breaker = 'closed' and g.failures + 1 >= ${breakerLimits.failures})
  or (g.breaker = 'half-open' and g.probe in (select id from settled))))`;

/**
 * The part of successful settles that closes breakers. It writes only where that changes something, and locks gates in
 * the order of their names.
 * @param scope an expression over a row `s` of `settled`: the gate whose breaker the success closes, or null.
 */
export const recordHealth = (sql: Db, scope: ReturnType<Db>) => sql`
  update gates g
  set failures = 0, breaker = 'closed', openings = 0, opened_at = null, probe = null, probe_at = null, reason = null,
    updated_at = clock_timestamp()
  from (
    select tenant, scope from gates
    where (tenant, scope) in (select s.tenant, ${scope} from settled s) and (failures > 0 or breaker <> 'closed')
    order by tenant, scope for update) h
  where g.tenant = h.tenant and g.scope = h.scope`;
