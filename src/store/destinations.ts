import type { ConnectionId, DestinationId, TenantId } from '../domain/ids.ts';
import { raiseConfigVersion } from './connections.ts';
import { json, type Db, type Sql } from './db.ts';

export interface DestinationRow {
  readonly id: DestinationId;
  readonly connection: ConnectionId;
  readonly address: Record<string, unknown>;
  /** As given: a policy's name, its fields, or null for the default. */
  readonly retry: unknown;
  readonly order: 'conversation' | 'none';
  readonly ambiguous: 'at-least-once' | 'at-most-once';
  readonly timeoutMs: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export async function findDestination(
  sql: Db,
  tenant: TenantId,
  id: DestinationId,
): Promise<DestinationRow | undefined> {
  const [row] = await sql<DestinationRow[]>`
    select id, connection, address, retry, order_by as order, ambiguous, timeout_ms as "timeoutMs",
      created_at as "createdAt", updated_at as "updatedAt"
    from destinations where tenant = ${tenant} and id = ${id} and deleted_at is null`;
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
    select id, connection, address, retry, order_by as order, ambiguous, timeout_ms as "timeoutMs",
      created_at as "createdAt", updated_at as "updatedAt"
    from destinations where tenant = ${tenant} and id > ${after} and deleted_at is null order by id limit ${limit}`;
}

export interface DestinationWrite extends Omit<DestinationRow, 'createdAt' | 'updatedAt'> {
  readonly tenant: TenantId;
}

/**
 * Creates a destination, or replaces it where `replace` is given. One that was deleted counts as not there.
 * @returns `exists` when it is there and may not be replaced; `no-connection` when its connection is not there.
 */
export async function writeDestination(
  sql: Sql,
  write: DestinationWrite,
  replace: boolean,
): Promise<'created' | 'replaced' | 'exists' | 'no-connection'> {
  const { tenant, id, connection, order, ambiguous, timeoutMs } = write;
  return sql.begin(async (tx) => {
    const [there] = await tx`
      select id from connections where tenant = ${tenant} and id = ${connection} for key share`;
    if (there === undefined) return 'no-connection';
    const [before] = await tx<{ deleted: boolean }[]>`
      select deleted_at is not null as deleted from destinations where tenant = ${tenant} and id = ${id} for update`;
    const isThere = before?.deleted === false;
    if (isThere && !replace) return 'exists';
    const address = json(tx, write.address);
    const retry = write.retry === null ? null : json(tx, write.retry);
    const [written] = await tx`
      insert into destinations (tenant, id, connection, address, retry, order_by, ambiguous, timeout_ms)
      values (${tenant}, ${id}, ${connection}, ${address}, ${retry}, ${order}, ${ambiguous}, ${timeoutMs})
      on conflict (tenant, id) do update
      set connection = excluded.connection, address = excluded.address, retry = excluded.retry,
        order_by = excluded.order_by, ambiguous = excluded.ambiguous, timeout_ms = excluded.timeout_ms,
        updated_at = clock_timestamp(), deleted_at = null
      where ${replace} or destinations.deleted_at is not null
      returning id`;
    if (written === undefined) return 'exists';
    await raiseConfigVersion(tx, tenant);
    return isThere ? 'replaced' : 'created';
  });
}

/** @returns `in-use` while a delivery to it is not at rest. */
export async function deleteDestination(
  sql: Sql,
  tenant: TenantId,
  id: DestinationId,
): Promise<'deleted' | 'in-use' | 'not-found'> {
  return sql.begin(async (tx) => {
    const [row] = await tx`
      select id from destinations where tenant = ${tenant} and id = ${id} and deleted_at is null for update`;
    if (row === undefined) return 'not-found';
    const [used] = await tx`
      select id from deliveries
      where tenant = ${tenant} and destination = ${id} and state in ('queued', 'waiting', 'sending', 'retrying') limit 1`;
    if (used !== undefined) return 'in-use';
    await tx`update destinations set deleted_at = clock_timestamp() where tenant = ${tenant} and id = ${id}`;
    await raiseConfigVersion(tx, tenant);
    return 'deleted';
  });
}

/** What accepting needs to know of a destination; kept in memory between changes of the configuration. */
export interface PlanEntry extends DestinationRow {
  readonly connector: string;
}

/** All destinations with the version of the configuration they belong to, in one statement and so one snapshot. */
export async function loadPlan(
  sql: Db,
  tenant: TenantId,
): Promise<{ version: number; destinations: ReadonlyMap<DestinationId, PlanEntry> }> {
  const rows = await sql<(PlanEntry & { version: number })[]>`
    select v.version, d.id, d.connection, c.connector, d.address, d.retry, d.order_by as order, d.ambiguous,
      d.timeout_ms as "timeoutMs", d.created_at as "createdAt", d.updated_at as "updatedAt"
    from config_versions v
    left join (destinations d join connections c on c.tenant = d.tenant and c.id = d.connection)
      on d.tenant = v.tenant and d.deleted_at is null
    where v.tenant = ${tenant}`;
  const destinations = rows.filter((row) => row.id !== null).map((row) => [row.id, row] as const);
  return { version: rows[0]?.version ?? 0, destinations: new Map(destinations) };
}
