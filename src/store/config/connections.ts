import type { Rate } from '../../domain/gate.ts';
import type { ConnectionId, TenantId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';
import { open, seal, type KeyRing } from '../db/key-ring.ts';
import { isOfUnknownTenant } from './tenants.ts';

export interface ConnectionRow {
  readonly id: ConnectionId;
  readonly connector: string;
  /** The settings without the secrets. */
  readonly settings: Record<string, unknown>;
  /** The rate of all sends through this connection together. */
  readonly rate: Rate | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const ownerOf = (tenant: TenantId, id: ConnectionId): string => `connection ${tenant}/${id}`;

export async function findConnection(sql: Db, tenant: TenantId, id: ConnectionId): Promise<ConnectionRow | undefined> {
  const [row] = await sql<ConnectionRow[]>`
    select id, connector, settings, rate, created_at as "createdAt", updated_at as "updatedAt"
    from connections where tenant = ${tenant} and id = ${id}`;
  return row;
}

/** Lists connections in the order of their ids, continuing after the id `after`. */
export async function listConnections(
  sql: Db,
  tenant: TenantId,
  limit: number,
  after: string,
): Promise<ConnectionRow[]> {
  return sql<ConnectionRow[]>`
    select id, connector, settings, rate, created_at as "createdAt", updated_at as "updatedAt"
    from connections where tenant = ${tenant} and id > ${after} order by id limit ${limit}`;
}

/**
 * @returns the secret settings; empty where there is no such connection. A PUT uses them to keep secrets that it does
 * not name.
 */
export async function connectionSecrets(
  sql: Db,
  ring: KeyRing,
  tenant: TenantId,
  id: ConnectionId,
): Promise<Record<string, unknown>> {
  const [row] = await sql<{ secrets: Buffer }[]>`
    select secrets from connections where tenant = ${tenant} and id = ${id}`;
  return row === undefined ? {} : openSecrets(ring, tenant, id, row.secrets);
}

/**
 * @returns a connection as connectors need it, with settings and secrets in one object; undefined where there is none.
 */
export async function connectionWithSecrets(
  sql: Db,
  ring: KeyRing,
  tenant: TenantId,
  id: ConnectionId,
): Promise<{ readonly connector: string; readonly settings: Record<string, unknown> } | undefined> {
  const [row] = await sql<{ connector: string; settings: Record<string, unknown>; secrets: Buffer }[]>`
    select connector, settings, secrets from connections where tenant = ${tenant} and id = ${id}`;
  if (row === undefined) return undefined;
  return { connector: row.connector, settings: { ...row.settings, ...openSecrets(ring, tenant, id, row.secrets) } };
}

/**
 * Finds the connection that a platform calls. An id that Carillon made is unique over all tenants; a chosen id is
 * looked up in one tenant only.
 * @param only the tenant of a chosen id; undefined for an id that Carillon made.
 */
export async function hookConnection(
  sql: Db,
  ring: KeyRing,
  id: ConnectionId,
  only: TenantId | undefined,
): Promise<{ tenant: TenantId; connector: string; settings: Record<string, unknown> } | undefined> {
  const [row] = await sql<
    { tenant: TenantId; connector: string; settings: Record<string, unknown>; secrets: Buffer }[]
  >`
    select tenant, connector, settings, secrets from connections
    where id = ${id} and (${only ?? null}::text is null or tenant = ${only ?? null})
    order by created_at limit 1`;
  if (row === undefined) return undefined;
  const { tenant, connector, settings, secrets } = row;
  return { tenant, connector, settings: { ...settings, ...openSecrets(ring, tenant, id, secrets) } };
}

/** @returns for each connection, the names of the secret settings that are stored and not empty. */
export async function secretNames(
  sql: Db,
  ring: KeyRing,
  tenant: TenantId,
  ids: readonly ConnectionId[],
): Promise<ReadonlyMap<ConnectionId, readonly string[]>> {
  const rows = await sql<{ id: ConnectionId; secrets: Buffer }[]>`
    select id, secrets from connections where tenant = ${tenant} and id = any(${ids as string[]}::text[])`;
  return new Map(
    rows.map(({ id, secrets }) => {
      const values = Object.entries(openSecrets(ring, tenant, id, secrets));
      const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
      return [id, values.filter(([, value]) => !isEmpty(value)).map(([name]) => name)];
    }),
  );
}

/** @throws KeyRingError where the secrets cannot be opened. */
export function openSecrets(
  ring: KeyRing,
  tenant: TenantId,
  id: ConnectionId,
  sealed: Buffer,
): Record<string, unknown> {
  return JSON.parse(open(ring, ownerOf(tenant, id), sealed)) as Record<string, unknown>;
}

export interface ConnectionWrite {
  readonly tenant: TenantId;
  readonly id: ConnectionId;
  readonly connector: string;
  readonly settings: Record<string, unknown>;
  readonly secrets: Record<string, unknown>;
  readonly rate?: Rate | null;
}

/**
 * Creates a connection, or replaces it where `replace` is true. It is one statement, because the process ends when its
 * link to PostgreSQL breaks within `sql.begin` (porsager/postgres#1208).
 * @returns `exists` where the connection exists and may not be replaced; `no-tenant` where the tenant was deleted
 * meanwhile.
 */
export async function writeConnection(
  sql: Db,
  ring: KeyRing,
  write: ConnectionWrite,
  replace: boolean,
): Promise<'created' | 'replaced' | 'exists' | 'no-tenant'> {
  const { tenant, id, connector } = write;
  const sealed = seal(ring, ownerOf(tenant, id), JSON.stringify(write.secrets));
  const rate = write.rate == null ? null : json(sql, write.rate);
  try {
    const [row] = await sql<{ created: boolean }[]>`
      with written as (
        insert into connections (tenant, id, connector, settings, secrets, rate)
        values (${tenant}, ${id}, ${connector}, ${json(sql, write.settings)}, ${sealed}, ${rate}::jsonb)
        on conflict (tenant, id) do update
        set connector = excluded.connector, settings = excluded.settings, secrets = excluded.secrets,
          rate = excluded.rate, updated_at = clock_timestamp()
        where ${replace}
        returning old.id is null as created
      ), raised as (${raiseConfigVersion(sql, tenant, sql`select from written`)})
      select created from written`;
    if (row === undefined) return 'exists';
    return row.created ? 'created' : 'replaced';
  } catch (error) {
    if (isOfUnknownTenant(error)) return 'no-tenant';
    throw error;
  }
}

/**
 * Deletes a connection, and with it the rows of its deleted destinations. Deliveries to them keep the destination's
 * name.
 * @returns `in-use` while a destination uses the connection.
 */
export async function deleteConnection(
  sql: Db,
  tenant: TenantId,
  id: ConnectionId,
): Promise<'deleted' | 'in-use' | 'not-found'> {
  const destinations = sql`select from destinations d where d.tenant = ${tenant} and d.connection = ${id} and d.deleted_at is null`;
  try {
    const [row] = await sql<{ wasThere: boolean; deleted: boolean }[]>`
      with buried as (
        delete from destinations where tenant = ${tenant} and connection = ${id} and deleted_at is not null
          and not exists (${destinations})
      ), deleted as (
        delete from connections where tenant = ${tenant} and id = ${id} and not exists (${destinations}) returning id
      ), raised as (${raiseConfigVersion(sql, tenant, sql`select from deleted`)})
      select exists (select from deleted) as deleted,
        exists (select from connections where tenant = ${tenant} and id = ${id}) as "wasThere"`;
    if (row?.wasThere !== true) return 'not-found';
    return row.deleted ? 'deleted' : 'in-use';
  } catch (error) {
    // A destination was created after this statement's snapshot, and the foreign key refuses the delete (SQLSTATE
    // 23503).
    if ((error as { code?: unknown }).code === '23503') return 'in-use';
    throw error;
  }
}

/**
 * Part of a statement: raises the version of a tenant's configuration, by which the processes that accept messages
 * learn that the plan in their memory is old.
 * @param when a query. The version is raised only where it selects a row.
 */
export function raiseConfigVersion(sql: Db, tenant: TenantId, when: ReturnType<Db>) {
  return sql`update config_versions set version = version + 1 where tenant = ${tenant} and exists (${when})`;
}
