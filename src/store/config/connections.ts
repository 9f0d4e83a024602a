import type { Rate } from '../../domain/gate.ts';
import type { ConnectionId, TenantId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';
import { open, seal, type KeyRing } from '../db/key-ring.ts';
import { isOfUnknownTenant } from './tenants.ts';

export interface ConnectionRow {
  readonly id: ConnectionId;
  readonly connector: string;
  /** Without the secrets. */
  readonly settings: Record<string, unknown>;
  /** Of everything that is reached through it. */
  readonly rate: Rate | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const place = (tenant: TenantId, id: ConnectionId): string => `connection ${tenant}/${id}`;

export async function findConnection(sql: Db, tenant: TenantId, id: ConnectionId): Promise<ConnectionRow | undefined> {
  const [row] = await sql<ConnectionRow[]>`
    select id, connector, settings, rate, created_at as "createdAt", updated_at as "updatedAt"
    from connections where tenant = ${tenant} and id = ${id}`;
  return row;
}

/** In the order of ids, those behind `after`. */
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

/** The secret settings; for the activities, and for keeping an absent secret on PUT. */
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

/** A connection as connectors want it: settings and secrets together. */
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
 * The connection that a platform calls, by its id alone where we made it, which nobody can have twice.
 * @param only its tenant, where the id was chosen.
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

/** Names of the secret settings that are stored and not empty, of each connection. */
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

export function openSecrets(
  ring: KeyRing,
  tenant: TenantId,
  id: ConnectionId,
  sealed: Buffer,
): Record<string, unknown> {
  return JSON.parse(open(ring, place(tenant, id), sealed)) as Record<string, unknown>;
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
 * Creates a connection, or replaces it where `replace` is given. One statement: a connection to PostgreSQL that breaks
 * within `sql.begin` ends the whole process (porsager/postgres#1208).
 * @returns `exists` when it is there and may not be replaced; `no-tenant` when that was deleted meanwhile.
 */
export async function writeConnection(
  sql: Db,
  ring: KeyRing,
  write: ConnectionWrite,
  replace: boolean,
): Promise<'created' | 'replaced' | 'exists' | 'no-tenant'> {
  const { tenant, id, connector } = write;
  const sealed = seal(ring, place(tenant, id), JSON.stringify(write.secrets));
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
 * Destinations that were deleted go with it; deliveries to them keep their name.
 * @returns `in-use` while a destination reaches through it.
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
    // A destination was made after this statement's snapshot, and the foreign key sees it.
    if ((error as { code?: unknown }).code === '23503') return 'in-use';
    throw error;
  }
}

/**
 * Tells every process that accepts messages that its plan in memory is behind; part of a statement.
 * @param when the plan changed only if this selects a row.
 */
export function raiseConfigVersion(sql: Db, tenant: TenantId, when: ReturnType<Db>) {
  return sql`update config_versions set version = version + 1 where tenant = ${tenant} and exists (${when})`;
}
