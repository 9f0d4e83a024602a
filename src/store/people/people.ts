import { createHmac } from 'node:crypto';
import type { ConnectionId, TenantId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';
import { open, seal, type KeyRing } from '../db/key-ring.ts';

/** A person, as a platform knows them. */
export interface KnownPerson {
  readonly id: string;
  readonly name?: string;
  readonly email?: string;
  readonly avatarUrl?: string;
}

/** What a person is looked up by at a connection. */
export type PersonKey = { readonly id: string } | { readonly email: string };

/** The answer of a look-up. A null person means that the platform knows no such person, which is an answer, too. */
export type PersonAnswer = { readonly person: KnownPerson | null };

const ownerOf = (tenant: TenantId, connection: ConnectionId, key: string): string =>
  `person ${tenant}/${connection}/${key}`;

/**
 * An email address is never stored as it is, not even in a key. An HMAC under a fixed text is enough to find it again.
 */
function keyOf(key: PersonKey): string {
  if ('id' in key) return `id:${key.id}`;
  return `email:${createHmac('sha256', 'carillon people').update(key.email.trim().toLowerCase()).digest('hex')}`;
}

/** @returns the answer of an earlier look-up; undefined where there is none that has not expired. */
export async function findPerson(
  sql: Db,
  ring: KeyRing,
  tenant: TenantId,
  connection: ConnectionId,
  by: PersonKey,
): Promise<PersonAnswer | undefined> {
  const key = keyOf(by);
  const [row] = await sql<{ sealed: Buffer | null }[]>`
    select sealed from people
    where tenant = ${tenant} and connection = ${connection} and key = ${key} and expires_at > clock_timestamp()`;
  if (row === undefined) return undefined;
  if (row.sealed === null) return { person: null };
  return { person: JSON.parse(open(ring, ownerOf(tenant, connection, key), row.sealed)) as KnownPerson };
}

/** Keeps the answer of a look-up for `seconds`, instead of an older one. */
export async function keepPerson(
  sql: Db,
  ring: KeyRing,
  of: { readonly tenant: TenantId; readonly connection: ConnectionId; readonly by: PersonKey },
  { person }: PersonAnswer,
  seconds: number,
): Promise<void> {
  const { tenant, connection } = of;
  const key = keyOf(of.by);
  const sealed = person === null ? null : seal(ring, ownerOf(tenant, connection, key), JSON.stringify(person));
  await sql`
    insert into people (tenant, connection, key, sealed, expires_at)
    values (${tenant}, ${connection}, ${key}, ${sealed}, clock_timestamp() + make_interval(secs => ${seconds}))
    on conflict (tenant, connection, key) do update set sealed = excluded.sealed, expires_at = excluded.expires_at`;
}
