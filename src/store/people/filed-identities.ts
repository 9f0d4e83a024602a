import type { TenantId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';
import type { IdentityRow } from './identities.ts';

/** An identity from the identities file. */
export interface FiledIdentity extends Pick<IdentityRow, 'id' | 'name' | 'accounts'> {
  readonly tenant: TenantId;
}

/**
 * Stores the identities of the file in one statement. Identities of an earlier file that this one lacks are removed;
 * those that were written through the API stay. An account that the API gave to another identity moves to the file's
 * identity.
 * @param filed each id and each account appears once in its tenant.
 * @returns how many identities were removed.
 */
export async function writeFiledIdentities(sql: Db, filed: readonly FiledIdentity[]): Promise<number> {
  const [row] = await sql<{ forgotten: number }[]>`
    with wanted as materialized (
      select tenant, id, name, accounts
      from jsonb_to_recordset(${json(sql, filed)}) as f (tenant text, id text, name text, accounts jsonb)
    ), account as materialized (
      select w.tenant, w.id, a.connection, a.person
      from wanted w cross join lateral jsonb_to_recordset(w.accounts) as a (connection text, person text)
    ), forgotten as (
      delete from identities i where i.is_filed
        and not exists (select from wanted w where w.tenant = i.tenant and w.id = i.id)
      returning i.id
    ), written as (
      insert into identities (tenant, id, name, is_filed) select tenant, id, name, true from wanted
      on conflict (tenant, id) do update set name = excluded.name, is_filed = true, updated_at = clock_timestamp()
    ), removed as (
      delete from identity_accounts a using wanted w
      where a.tenant = w.tenant and a.identity = w.id and not exists (
        select from account n where n.tenant = a.tenant and n.connection = a.connection and n.person = a.person)
    ), added as (
      insert into identity_accounts (tenant, connection, person, identity)
      select tenant, connection, person, id from account
      on conflict (tenant, connection, person) do update set identity = excluded.identity
    )
    select count(*)::integer as forgotten from forgotten`;
  return row?.forgotten ?? 0;
}
