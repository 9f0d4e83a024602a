import type { Reason } from '../../domain/failure.ts';
import type { GateName } from '../../domain/gate.ts';
import type { TenantId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';

/** The health of a destination or connection, and how many deliveries wait at its gate. */
export interface GateHealth {
  readonly scope: GateName;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** In a row, over all deliveries through this gate. */
  readonly failures: number;
  readonly openedAt: Date | null;
  /** When the next probe is sent. */
  readonly probeAt: Date | null;
  readonly reason: Reason | null;
  readonly pausedAt: Date | null;
  readonly pauseReason: Reason | null;
  /** When the platform's Retry-After is over. */
  readonly heldUntil: Date | null;
  readonly waiting: number;
}

/** @returns the gates that have a row. A gate without one is healthy. Uses the key and `deliveries_gate`. */
export async function findGateHealth(sql: Db, tenant: TenantId, scopes: readonly GateName[]): Promise<GateHealth[]> {
  return sql<GateHealth[]>`
    select scope, breaker, failures, opened_at as "openedAt", probe_at as "probeAt", reason, paused_at as "pausedAt",
      pause_reason as "pauseReason", case when held_until > clock_timestamp() then held_until end as "heldUntil",
      (select count(*)::integer from deliveries d where d.tenant = g.tenant and d.gate = g.scope) as waiting
    from gates g where tenant = ${tenant} and scope = any(${scopes as string[]})`;
}

/** Pauses a gate: deliveries wait there until it is resumed. @returns false where it was paused already. */
export async function pauseGate(sql: Db, tenant: TenantId, scope: GateName, reason: Reason): Promise<boolean> {
  const rows = await sql`
    insert into gates as g (tenant, scope, paused_at, pause_reason)
    values (${tenant}, ${scope}, clock_timestamp(), ${json(sql, reason)})
    on conflict (tenant, scope) do update
    set paused_at = excluded.paused_at, pause_reason = excluded.pause_reason, updated_at = clock_timestamp()
    where g.paused_at is null
    returning scope`;
  return rows.length > 0;
}

/** The reason code of a pause by an operator. All other pauses come from a failure. */
export const pausedByHand = 'paused_by_request';

/**
 * Resumes a paused gate and closes its breaker. The drain calls the deliveries that wait there.
 * @param onlyAfterFailure leaves a gate alone that an operator paused.
 * @returns false where there was nothing to resume.
 */
export async function resumeGate(
  sql: Db,
  tenant: TenantId,
  scope: GateName,
  onlyAfterFailure: boolean,
): Promise<boolean> {
  const rows = await sql`
    update gates
    set paused_at = null, pause_reason = null, breaker = 'closed', failures = 0, openings = 0, opened_at = null,
      probe = null, probe_at = null, updated_at = clock_timestamp()
    where tenant = ${tenant} and scope = ${scope} and paused_at is not null
      and (not ${onlyAfterFailure} or pause_reason->>'code' <> ${pausedByHand})
    returning scope`;
  return rows.length > 0;
}
