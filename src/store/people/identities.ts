import type { ConnectionId, TenantId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';

/** A person's account on the platform of one connection. */
export interface Account {
  readonly connection: ConnectionId;
  /** The platform's id of the person. */
  readonly person: string;
}

/** One person, with the person's accounts on all platforms. */
export interface IdentityRow {
  readonly id: string;
  readonly name: string | null;
  readonly accounts: readonly Account[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = (sql: Db) => sql`
  i.id, i.name, i.created_at as "createdAt", i.updated_at as "updatedAt",
  (select coalesce(jsonb_agg(jsonb_build_object('connection', a.connection, 'person', a.person) order by a.connection, a.person), '[]')
    from identity_accounts a where a.tenant = i.tenant and a.identity = i.id) as accounts`;

export async function findIdentity(sql: Db, tenant: TenantId, id: string): Promise<IdentityRow | undefined> {
  const [row] = await sql<
    IdentityRow[]
  >`select ${columns(sql)} from identities i where tenant = ${tenant} and id = ${id}`;
  return row;
}

/** Lists identities in the order of their ids, continuing after the id `after`. */
export async function listIdentities(sql: Db, tenant: TenantId, limit: number, after: string): Promise<IdentityRow[]> {
  return sql<IdentityRow[]>`
    select ${columns(sql)} from identities i where tenant = ${tenant} and id > ${after} order by id limit ${limit}`;
}

/**
 * Creates an identity or replaces it. An identity that came from the file counts as the API's from then on.
 * @returns `taken` with the accounts that belong to another identity; then nothing is written.
 */
export async function writeIdentity(
  sql: Db,
  tenant: TenantId,
  { id, name, accounts }: Pick<IdentityRow, 'id' | 'name' | 'accounts'>,
): Promise<{ readonly outcome: 'created' | 'replaced' } | { readonly taken: readonly Account[] }> {
  const [row] = await sql<{ taken: Account[]; created: boolean | null }[]>`
    with wanted as (
      select connection, person from jsonb_to_recordset(${json(sql, accounts)}) as a (connection text, person text)
    ), taken as (
      select a.connection, a.person from identity_accounts a join wanted w using (connection, person)
      where a.tenant = ${tenant} and a.identity <> ${id}
    ), written as (
      insert into identities (tenant, id, name) select ${tenant}, ${id}, ${name} where not exists (select from taken)
      on conflict (tenant, id) do update set name = excluded.name, is_filed = false, updated_at = clock_timestamp()
      returning old.id is null as created
    ), removed as (
      delete from identity_accounts a using written
      where a.tenant = ${tenant} and a.identity = ${id}
        and not exists (select from wanted w where w.connection = a.connection and w.person = a.person)
    ), added as (
      insert into identity_accounts (tenant, connection, person, identity)
      select ${tenant}, w.connection, w.person, ${id} from wanted w cross join written
      on conflict (tenant, connection, person) do nothing
    )
    select coalesce((select jsonb_agg(taken) from taken), '[]') as taken, (select created from written) as created`;
  if (row === undefined) throw new Error('a statement without a row');
  if (row.created === null) return { taken: row.taken };
  return { outcome: row.created ? 'created' : 'replaced' };
}

export async function deleteIdentity(sql: Db, tenant: TenantId, id: string): Promise<boolean> {
  const [row] = await sql`delete from identities where tenant = ${tenant} and id = ${id} returning id`;
  return row !== undefined;
}

/**
 * Finds the person of an account by the stored identities.
 * @param at another connection.
 * @returns the person's name, and the person's account at `at`; undefined where no identity has the account.
 */
export async function findCounterpart(
  sql: Db,
  tenant: TenantId,
  { connection, person }: Account,
  at: ConnectionId,
): Promise<{ readonly name: string | null; readonly person: string | null } | undefined> {
  const [row] = await sql<{ name: string | null; person: string | null }[]>`
    select i.name, (select o.person from identity_accounts o
      where o.tenant = i.tenant and o.identity = i.id and o.connection = ${at} order by o.person limit 1) as person
    from identity_accounts a join identities i on i.tenant = a.tenant and i.id = a.identity
    where a.tenant = ${tenant} and a.connection = ${connection} and a.person = ${person}`;
  return row;
}
