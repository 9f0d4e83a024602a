import type { ApiKeyId, TenantId } from '../../domain/ids.ts';
import type { Scope } from '../../domain/scope.ts';
import type { Db } from '../db/db.ts';
import { isOfUnknownTenant } from './tenants.ts';

/** An API key as the API shows it. The key itself is not stored, only its hash. */
export interface ApiKeyRow {
  readonly id: ApiKeyId;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** Up to a minute too old, because a use is written at most once a minute. */
  readonly lastUsedAt: Date | null;
  readonly createdAt: Date;
}

const columns = (sql: Db) => sql`
  id, name, to_jsonb(scopes) as scopes, expires_at as "expiresAt", revoked_at as "revokedAt", last_used_at as "lastUsedAt",
  created_at as "createdAt"`;

/** A key that is neither revoked nor expired, with what its requests may do. */
export interface UsableKey {
  readonly id: ApiKeyId;
  readonly tenant: TenantId;
  readonly scopes: readonly Scope[];
  /** Milliseconds until it expires; null where it does not expire. */
  readonly expiresInMs: number | null;
  /** Whether this use must be written, because `last_used_at` is older than a minute. */
  readonly isUseUnnoted: boolean;
}

const usedLongAgo = (sql: Db) => sql`
  (last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute')`;

/**
 * Finds a key by its SHA-256. Uses the unique index on `hash`.
 * @returns undefined where the key is unknown, revoked or expired.
 */
export async function findUsableKey(sql: Db, hash: Buffer): Promise<UsableKey | undefined> {
  const [row] = await sql<UsableKey[]>`
    select id, tenant, to_jsonb(scopes) as scopes, ${usedLongAgo(sql)} as "isUseUnnoted",
      (extract(epoch from expires_at - clock_timestamp()) * 1000)::float8 as "expiresInMs"
    from api_keys
    where hash = ${hash} and revoked_at is null and (expires_at is null or expires_at > clock_timestamp())`;
  return row;
}

/** Writes that a key was used, at most once a minute for each key, over all processes. */
export async function noteKeyUse(sql: Db, id: ApiKeyId): Promise<void> {
  await sql`update api_keys set last_used_at = clock_timestamp() where id = ${id} and ${usedLongAgo(sql)}`;
}

export async function findKey(sql: Db, tenant: TenantId, id: ApiKeyId): Promise<ApiKeyRow | undefined> {
  const [row] = await sql<ApiKeyRow[]>`select ${columns(sql)} from api_keys where tenant = ${tenant} and id = ${id}`;
  return row;
}

/**
 * Lists keys, revoked and expired ones too: the newest first; with `before`, only keys older than that id. Uses
 * `api_keys_list`.
 */
export async function listKeys(
  sql: Db,
  tenant: TenantId,
  limit: number,
  before: ApiKeyId | undefined,
): Promise<ApiKeyRow[]> {
  return sql<ApiKeyRow[]>`
    select ${columns(sql)} from api_keys
    where tenant = ${tenant} ${before === undefined ? sql`` : sql`and id < ${before}`}
    order by id desc limit ${limit}`;
}

export interface NewKey {
  readonly id: ApiKeyId;
  readonly tenant: TenantId;
  readonly name: string;
  /** The key's SHA-256. */
  readonly hash: Buffer;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
}

/**
 * @returns `expired` where `expiresAt` has passed by PostgreSQL's clock, and nothing is stored; `no-tenant` where the
 * tenant was deleted meanwhile.
 */
export async function createKey(sql: Db, key: NewKey): Promise<ApiKeyRow | 'expired' | 'no-tenant'> {
  const { id, tenant, name, hash, scopes, expiresAt } = key;
  try {
    const [row] = await sql<ApiKeyRow[]>`
      insert into api_keys (id, tenant, name, hash, scopes, expires_at)
      select ${id}, ${tenant}, ${name}, ${hash}, ${scopes as string[]}::text[], ${expiresAt}::timestamptz
      where ${expiresAt}::timestamptz is null or ${expiresAt}::timestamptz > clock_timestamp()
      returning ${columns(sql)}`;
    return row ?? 'expired';
  } catch (error) {
    if (isOfUnknownTenant(error)) return 'no-tenant';
    throw error;
  }
}

/** Revokes a key for ever. Revoking it again changes nothing. @returns whether there is such a key. */
export async function revokeKey(sql: Db, tenant: TenantId, id: ApiKeyId): Promise<boolean> {
  const rows = await sql`
    update api_keys set revoked_at = coalesce(revoked_at, clock_timestamp())
    where tenant = ${tenant} and id = ${id} returning id`;
  return rows.length > 0;
}
