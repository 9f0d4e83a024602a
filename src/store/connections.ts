import type { ConnectionId, TenantId } from '../domain/ids.ts';
import { json, type Db, type Sql } from './db.ts';
import { open, seal, type KeyRing } from './key-ring.ts';

export interface ConnectionRow {
  readonly id: ConnectionId;
  readonly connector: string;
  /** Without the secrets. */
  readonly settings: Record<string, unknown>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const place = (tenant: TenantId, id: ConnectionId): string => `connection ${tenant}/${id}`;

export async function findConnection(sql: Db, tenant: TenantId, id: ConnectionId): Promise<ConnectionRow | undefined> {
  const [row] = await sql<ConnectionRow[]>`
    select id, connector, settings, created_at as "createdAt", updated_at as "updatedAt"
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
    select id, connector, settings, created_at as "createdAt", updated_at as "updatedAt"
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
}

/**
 * Creates a connection, or replaces it where `replace` is given.
 * @returns `exists` when it is there and may not be replaced.
 */
export async function writeConnection(
  sql: Sql,
  ring: KeyRing,
  write: ConnectionWrite,
  replace: boolean,
): Promise<'created' | 'replaced' | 'exists'> {
  const { tenant, id, connector } = write;
  const sealed = seal(ring, place(tenant, id), JSON.stringify(write.secrets));
  return sql.begin(async (tx) => {
    const settings = json(tx, write.settings);
    const [created] = await tx`
      insert into connections (tenant, id, connector, settings, secrets)
      values (${tenant}, ${id}, ${connector}, ${settings}, ${sealed})
      on conflict do nothing returning id`;
    if (created === undefined && !replace) return 'exists';
    if (created === undefined)
      await tx`
        update connections
        set connector = ${connector}, settings = ${settings}, secrets = ${sealed}, updated_at = clock_timestamp()
        where tenant = ${tenant} and id = ${id}`;
    await raiseConfigVersion(tx, tenant);
    return created === undefined ? 'replaced' : 'created';
  });
}

/** @returns `in-use` while a destination reaches through it. */
export async function deleteConnection(
  sql: Sql,
  tenant: TenantId,
  id: ConnectionId,
): Promise<'deleted' | 'in-use' | 'not-found'> {
  return sql.begin(async (tx) => {
    const [row] = await tx`select id from connections where tenant = ${tenant} and id = ${id} for update`;
    if (row === undefined) return 'not-found';
    const [used] = await tx`
      select id from destinations where tenant = ${tenant} and connection = ${id} and deleted_at is null limit 1`;
    if (used !== undefined) return 'in-use';
    await tx`delete from destinations where tenant = ${tenant} and connection = ${id}`;
    await tx`delete from connections where tenant = ${tenant} and id = ${id}`;
    await raiseConfigVersion(tx, tenant);
    return 'deleted';
  });
}

/** Tells every process that accepts messages that its plan in memory is behind. */
export async function raiseConfigVersion(sql: Db, tenant: TenantId): Promise<void> {
  await sql`update config_versions set version = version + 1 where tenant = ${tenant}`;
}
