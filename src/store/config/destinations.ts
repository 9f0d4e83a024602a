import type { Rate } from '../../domain/gate.ts';
import type { BridgeId, ConnectionId, DestinationId, TenantId } from '../../domain/ids.ts';
import { raiseConfigVersion } from './connections.ts';
import { interval, json, type Db } from '../db/db.ts';

export interface DestinationRow {
  readonly id: DestinationId;
  readonly connection: ConnectionId;
  readonly address: Record<string, unknown>;
  /** As given: a policy's name, its fields, or null for the default. */
  readonly retry: unknown;
  readonly order: 'conversation' | 'none';
  readonly ambiguous: 'at-least-once' | 'at-most-once';
  readonly timeoutMs: number;
  /** What a delivery that parks means for those behind it in its lane. */
  readonly onParked: 'pass' | 'hold';
  /** Milliseconds; Infinity is until somebody acts. */
  readonly holdForMs: number;
  readonly rate: Rate | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = (sql: Db) => sql`
  d.id, d.connection, d.address, d.retry, d.order_by as order, d.ambiguous, d.timeout_ms as "timeoutMs",
  d.on_parked as "onParked", (extract(epoch from d.hold_for) * 1000)::float8 as "holdForMs", d.rate,
  d.created_at as "createdAt", d.updated_at as "updatedAt"`;

export async function findDestination(
  sql: Db,
  tenant: TenantId,
  id: DestinationId,
): Promise<DestinationRow | undefined> {
  const [row] = await sql<DestinationRow[]>`
    select ${columns(sql)} from destinations d where tenant = ${tenant} and id = ${id} and deleted_at is null`;
  return row;
}

/** In the order of ids, those behind `after`. */
export async function listDestinations(
  sql: Db,
  tenant: TenantId,
  limit: number,
  after: string,
): Promise<DestinationRow[]> {
  return sql<DestinationRow[]>`
    select ${columns(sql)} from destinations d where tenant = ${tenant} and id > ${after} and deleted_at is null order by id limit ${limit}`;
}

export interface DestinationWrite extends Omit<DestinationRow, 'createdAt' | 'updatedAt'> {
  readonly tenant: TenantId;
}

/**
 * Creates a destination, or replaces it where `replace` is given. One that was deleted counts as not there.
 * @returns `exists` when it is there and may not be replaced; `no-connection` when its connection is not there.
 */
export async function writeDestination(
  sql: Db,
  write: DestinationWrite,
  replace: boolean,
): Promise<'created' | 'replaced' | 'exists' | 'no-connection'> {
  const { tenant, id, connection, order, ambiguous, timeoutMs, onParked, holdForMs } = write;
  const rate = write.rate === null ? null : json(sql, write.rate);
  // A policy's name is a JSON text, which json() would take for an object.
  const retry = write.retry === null ? null : JSON.stringify(write.retry);
  const [row] = await sql<{ hasConnection: boolean; created: boolean | null }[]>`
    with through as (
      select id from connections where tenant = ${tenant} and id = ${connection} for key share
    ), written as (
      insert into destinations (tenant, id, connection, address, retry, order_by, ambiguous, timeout_ms, on_parked, hold_for, rate)
      select ${tenant}, ${id}, id, ${json(sql, write.address)}, ${retry}::text::jsonb, ${order}, ${ambiguous}, ${timeoutMs},
        ${onParked}, ${interval(holdForMs)}::text::interval, ${rate}::jsonb
      from through
      on conflict (tenant, id) do update
      set connection = excluded.connection, address = excluded.address, retry = excluded.retry,
        order_by = excluded.order_by, ambiguous = excluded.ambiguous, timeout_ms = excluded.timeout_ms,
        on_parked = excluded.on_parked, hold_for = excluded.hold_for, rate = excluded.rate,
        updated_at = clock_timestamp(), deleted_at = null
      where ${replace} or destinations.deleted_at is not null
      returning old.id is null or old.deleted_at is not null as created
    ), raised as (${raiseConfigVersion(sql, tenant, sql`select from written`)})
    select exists (select from through) as "hasConnection", (select created from written) as created`;
  if (row?.hasConnection !== true) return 'no-connection';
  if (row.created === null) return 'exists';
  return row.created ? 'created' : 'replaced';
}

/** @returns `in-use` while a delivery to it is not at rest, or it is a bridge's member. */
export async function deleteDestination(
  sql: Db,
  tenant: TenantId,
  id: DestinationId,
): Promise<'deleted' | 'in-use' | 'not-found'> {
  const [row] = await sql<{ wasThere: boolean; deleted: boolean }[]>`
    with deleted as (
      update destinations set deleted_at = clock_timestamp()
      where tenant = ${tenant} and id = ${id} and deleted_at is null
        and not exists (
          select from deliveries d
          where d.tenant = ${tenant} and d.destination = ${id} and d.state in ('queued', 'waiting', 'sending', 'retrying'))
        and not exists (select from bridges b where b.tenant = ${tenant} and b.members ? ${id})
      returning id
    ), raised as (${raiseConfigVersion(sql, tenant, sql`select from deleted`)})
    select exists (select from deleted) as deleted,
      exists (select from destinations where tenant = ${tenant} and id = ${id} and deleted_at is null) as "wasThere"`;
  if (row?.wasThere !== true) return 'not-found';
  return row.deleted ? 'deleted' : 'in-use';
}

/** What accepting needs to know of a destination; kept in memory between changes of the configuration. */
export interface PlanEntry extends DestinationRow {
  readonly connector: string;
}

/** What accepting needs to know of a tenant. */
export interface TenantPlan {
  /** 0 where there is no such tenant. */
  readonly version: number;
  readonly requireKey: boolean;
  /** To each process of the API; null as fast as it likes. */
  readonly acceptPerSecond: number | null;
  readonly destinations: ReadonlyMap<DestinationId, PlanEntry>;
  readonly bridges: readonly PlannedBridge[];
}

export interface PlannedBridge {
  readonly id: BridgeId;
  readonly members: readonly DestinationId[];
  readonly order: 'thread' | 'room';
}

/**
 * All destinations with the version of the configuration they belong to, in one statement and so one snapshot. Version 0,
 * which none has, when the tenant is gone.
 */
export async function loadPlan(sql: Db, tenant: TenantId): Promise<TenantPlan> {
  const rows = await sql<(PlanEntry & Omit<TenantPlan, 'destinations'>)[]>`
    select v.version, bridges.bridges, t.require_idempotency_key as "requireKey", (t.limits->>'acceptPerSecond')::float8 as "acceptPerSecond", c.connector, ${columns(sql)}
    from config_versions v join tenants t on t.id = v.tenant
    cross join lateral (
      select coalesce(jsonb_agg(jsonb_build_object('id', b.id, 'members', b.members, 'order', b.order_by) order by b.id), '[]') as bridges
      from bridges b where b.tenant = v.tenant) bridges
    left join (destinations d join connections c on c.tenant = d.tenant and c.id = d.connection)
      on d.tenant = v.tenant and d.deleted_at is null
    where v.tenant = ${tenant}`;
  const destinations = rows.filter((row) => row.id !== null).map((row) => [row.id, row] as const);
  const none = { version: 0, requireKey: false, acceptPerSecond: null, bridges: [] };
  const { version, requireKey, acceptPerSecond, bridges } = rows[0] ?? none;
  return { version, requireKey, acceptPerSecond, destinations: new Map(destinations), bridges };
}
