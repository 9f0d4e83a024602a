import { defaultTenant, type TenantId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';

export interface TenantRow {
  readonly id: TenantId;
  readonly title: string;
  /** Durations such as `30d`, by kind of data. The default applies to kinds that are missing. */
  readonly retention: Record<string, string>;
  /** Housekeeping removes none of its data. */
  readonly legalHold: boolean;
  /** Limits by name. The default applies to those that are missing. */
  readonly limits: Record<string, number>;
  /** Messages without an idempotency key are refused. */
  readonly requireIdempotencyKey: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = (sql: Db) => sql`
  id, title, retention, legal_hold as "legalHold", limits, require_idempotency_key as "requireIdempotencyKey",
  created_at as "createdAt", updated_at as "updatedAt"`;

export async function findTenant(sql: Db, id: TenantId): Promise<TenantRow | undefined> {
  const [row] = await sql<TenantRow[]>`select ${columns(sql)} from tenants where id = ${id}`;
  return row;
}

/** Lists tenants in the order of their ids, continuing after the id `after`. */
export async function listTenants(sql: Db, limit: number, after: string): Promise<TenantRow[]> {
  return sql<TenantRow[]>`select ${columns(sql)} from tenants where id > ${after} order by id limit ${limit}`;
}

/**
 * Creates a tenant with the version of its configuration, or replaces it where `replace` is true. Each write raises the
 * version, because the plan that processes keep in memory contains `requireIdempotencyKey` and a limit.
 * @returns `exists` where the tenant exists and may not be replaced.
 */
export async function writeTenant(
  sql: Db,
  write: Omit<TenantRow, 'createdAt' | 'updatedAt'>,
  replace: boolean,
): Promise<'created' | 'replaced' | 'exists'> {
  const { id, title, legalHold, requireIdempotencyKey } = write;
  const [row] = await sql<{ created: boolean }[]>`
    with written as (
      insert into tenants (id, title, retention, legal_hold, limits, require_idempotency_key)
      values (${id}, ${title}, ${json(sql, write.retention)}, ${legalHold}, ${json(sql, write.limits)},
        ${requireIdempotencyKey})
      on conflict (id) do update
      set title = excluded.title, retention = excluded.retention, legal_hold = excluded.legal_hold,
        limits = excluded.limits, require_idempotency_key = excluded.require_idempotency_key,
        updated_at = clock_timestamp()
      where ${replace}
      returning tenants.id, old.id is null as created
    ), versioned as (
      insert into config_versions (tenant, version) select id, 1 from written
      on conflict (tenant) do update set version = config_versions.version + 1
    )
    select created from written`;
  if (row === undefined) return 'exists';
  return row.created ? 'created' : 'replaced';
}

/**
 * Deletes a tenant and its API keys. The version of its configuration stays and is raised. If a new tenant gets the
 * same id, the plan of the old one, which a process may still have in memory, has another version. Uses
 * `messages_list`.
 * @returns `in-use` while it has messages or connections, and for the default tenant.
 */
export async function deleteTenant(sql: Db, id: TenantId): Promise<'deleted' | 'in-use' | 'not-found'> {
  try {
    const [row] = await sql<{ wasThere: boolean; deleted: boolean }[]>`
      with deleted as (
        delete from tenants t
        where t.id = ${id} and t.id <> ${defaultTenant}
          and not exists (select from messages m where m.tenant = t.id)
          and not exists (select from connections c where c.tenant = t.id)
        returning t.id
      ), keys as (
        delete from api_keys where tenant in (select id from deleted)
      ), raised as (
        update config_versions set version = version + 1 where tenant in (select id from deleted)
      )
      select exists (select from deleted) as deleted, exists (select from tenants where id = ${id}) as "wasThere"`;
    if (row?.wasThere !== true) return 'not-found';
    return row.deleted ? 'deleted' : 'in-use';
  } catch (error) {
    // A connection or key was created after this statement's snapshot, and the foreign key refuses the delete.
    if (isOfUnknownTenant(error)) return 'in-use';
    throw error;
  }
}

/**
 * Whether a foreign key refused a statement (SQLSTATE 23503). Where a statement writes no reference but that to its
 * tenant, this means that the tenant does not exist.
 */
export function isOfUnknownTenant(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '23503';
}
