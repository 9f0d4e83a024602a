import type { Rate } from '../../domain/gate.ts';
import type { BridgeId, ConnectionId, DestinationId, TenantId } from '../../domain/ids.ts';
import { raiseConfigVersion } from './connections.ts';
import { interval, json, type Db } from '../db/db.ts';

export interface DestinationRow {
  readonly id: DestinationId;
  readonly connection: ConnectionId;
  readonly address: Record<string, unknown>;
  /** The retry policy as the caller gave it: its name, its fields, or null for the default. */
  readonly retry: unknown;
  readonly order: 'conversation' | 'none';
  readonly ambiguous: 'at-least-once' | 'at-most-once';
  readonly timeoutMs: number;
  /** What a parked delivery does to the deliveries behind it in its lane; see N3 in `waiting/lane.ts`. */
  readonly onParked: 'pass' | 'hold';
  /** How long a parked delivery holds its lane, milliseconds. Infinity means until an operator acts. */
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

/** Lists destinations in the order of their ids, continuing after the id `after`. */
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
 * Creates a destination, or replaces it where `replace` is true. A deleted destination of this id counts as missing.
 * Locks the connection against being deleted meanwhile.
 * @returns `exists` where the destination exists and may not be replaced; `no-connection` where its connection is
 * missing.
 */
export async function writeDestination(
  sql: Db,
  write: DestinationWrite,
  replace: boolean,
): Promise<'created' | 'replaced' | 'exists' | 'no-connection'> {
  const { tenant, id, connection, order, ambiguous, timeoutMs, onParked, holdForMs } = write;
  const rate = write.rate === null ? null : json(sql, write.rate);
  // json() is for objects; a policy's name is a JSON string.
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

/** @returns `in-use` while a delivery to it is open, or it is a member of a bridge. */
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

/** A destination as accepting needs it. Each process keeps it in memory until the configuration changes. */
export interface PlanEntry extends DestinationRow {
  readonly connector: string;
}

/** A tenant's configuration as accepting needs it. */
export interface TenantPlan {
  /** The version of the configuration; 0 where there is no such tenant. */
  readonly version: number;
  /** Messages without an idempotency key are refused. */
  readonly requireKey: boolean;
  /** How many messages per second each api process accepts of this tenant; null means no limit. */
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
 * Reads a tenant's destinations and bridges together with the version of the configuration, in one statement and
 * therefore in one snapshot. Where the tenant does not exist the version is 0, which no configuration has.
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
