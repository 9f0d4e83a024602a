import type { BridgeId, DestinationId, TenantId } from '../../domain/ids.ts';
import { raiseConfigVersion } from './connections.ts';
import { json, type Db } from '../db/db.ts';
import { isOfUnknownTenant } from './tenants.ts';

export interface BridgeRow {
  readonly id: BridgeId;
  readonly members: readonly DestinationId[];
  /** Whether each thread is a conversation of its own, or the whole room is one. */
  readonly order: 'thread' | 'room';
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = (sql: Db) =>
  sql`b.id, b.members, b.order_by as "order", b.created_at as "createdAt", b.updated_at as "updatedAt"`;

export async function findBridge(sql: Db, tenant: TenantId, id: BridgeId): Promise<BridgeRow | undefined> {
  const [row] = await sql<BridgeRow[]>`select ${columns(sql)} from bridges b where tenant = ${tenant} and id = ${id}`;
  return row;
}

/** Lists bridges in the order of their ids, continuing after the id `after`. */
export async function listBridges(sql: Db, tenant: TenantId, limit: number, after: string): Promise<BridgeRow[]> {
  return sql<BridgeRow[]>`
    select ${columns(sql)} from bridges b where tenant = ${tenant} and id > ${after} order by id limit ${limit}`;
}

export interface BridgeWrite {
  readonly tenant: TenantId;
  readonly id: BridgeId;
  readonly members: readonly DestinationId[];
  readonly order: 'thread' | 'room';
}

/**
 * Creates a bridge, or replaces it where `replace` is true. It locks the members in the order of their ids, so that
 * none is deleted meanwhile.
 * @returns `exists` where the bridge exists and may not be replaced; `missing` with the members that do not exist, and
 * then nothing is written.
 */
export async function writeBridge(
  sql: Db,
  { tenant, id, members, order }: BridgeWrite,
  replace: boolean,
): Promise<'created' | 'replaced' | 'exists' | 'no-tenant' | { readonly missing: readonly string[] }> {
  try {
    const [row] = await sql<{ missing: string[]; created: boolean | null }[]>`
      with wanted as (
        select d.id from destinations d
        where d.tenant = ${tenant} and d.deleted_at is null and d.id in (select jsonb_array_elements_text(${json(sql, members)}::jsonb))
        order by d.id for key share
      ), missing as (
        select m.id from jsonb_array_elements_text(${json(sql, members)}::jsonb) as m (id) where m.id not in (select id from wanted)
      ), written as (
        insert into bridges (tenant, id, members, order_by)
        select ${tenant}, ${id}, ${json(sql, members)}::jsonb, ${order} where not exists (select from missing)
        on conflict (tenant, id) do update
        set members = excluded.members, order_by = excluded.order_by, updated_at = clock_timestamp()
        where ${replace}
        returning old.id is null as created
      ), raised as (${raiseConfigVersion(sql, tenant, sql`select from written`)})
      select coalesce((select jsonb_agg(id) from missing), '[]') as missing, (select created from written) as created`;
    if (row === undefined) throw new Error('a statement without a row');
    if (row.missing.length > 0) return { missing: row.missing };
    if (row.created === null) return 'exists';
    return row.created ? 'created' : 'replaced';
  } catch (error) {
    if (isOfUnknownTenant(error)) return 'no-tenant';
    throw error;
  }
}

/** @returns whether there was such a bridge. */
export async function deleteBridge(sql: Db, tenant: TenantId, id: BridgeId): Promise<boolean> {
  const [row] = await sql`
    with deleted as (
      delete from bridges where tenant = ${tenant} and id = ${id} returning id
    ), raised as (${raiseConfigVersion(sql, tenant, sql`select from deleted`)})
    select from deleted`;
  return row !== undefined;
}
