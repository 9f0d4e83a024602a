import type { TenantId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';
import type { IdentityRow } from './identities.ts';

/** An identity as a file says it. */
export interface FiledIdentity extends Pick<IdentityRow, 'id' | 'name' | 'accounts'> {
  readonly tenant: TenantId;
}

/**
 * Makes what a file says what is stored, in one statement: what an earlier file had and this one has not is forgotten,
 * what came by the API stays. An account that the API gave to somebody else is the file's now.
 * @param filed ids and accounts each once in a tenant.
 * @returns how many were forgotten.
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
