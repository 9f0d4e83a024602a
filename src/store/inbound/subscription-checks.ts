import type { ConnectionId, DestinationId, TenantId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';

/** Names a connection whose subscriptions are checked. */
export interface SubscribedConnection {
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
}

/** A connection, with the data that tells whether it needs subscriptions. */
export interface SubscribableRow extends SubscribedConnection {
  readonly connector: string;
  /** The settings without the secrets. */
  readonly settings: Record<string, unknown>;
  /** The connection has rows in `subscriptions`, from an earlier check. */
  readonly isKnown: boolean;
}

/** Connections of these platforms that a bridge reaches, or that have subscriptions from a time when one did. */
const subscribable = (sql: Db, connectors: readonly string[]) => sql`
  select c.tenant, c.id as connection, c.connector, c.settings,
    exists (select from subscriptions s where s.tenant = c.tenant and s.connection = c.id) as "isKnown"
  from connections c
  where c.connector = any(${connectors as string[]}::text[]) and (
    exists (select from subscriptions s where s.tenant = c.tenant and s.connection = c.id)
    or exists (
      select from bridges b cross join jsonb_array_elements_text(b.members) as m (id)
      join destinations d on d.tenant = b.tenant and d.id = m.id and d.deleted_at is null
      where b.tenant = c.tenant and d.connection = c.id))`;

/** Lists connections in the order of tenant and id, continuing after `after`. */
export async function listSubscribable(
  sql: Db,
  connectors: readonly string[],
  limit: number,
  after: SubscribedConnection | undefined,
): Promise<SubscribableRow[]> {
  const { tenant = '', connection = '' } = after ?? {};
  return sql<SubscribableRow[]>`
    select * from (${subscribable(sql, connectors)}) as found
    where (tenant, connection) > (${tenant}, ${connection}) order by tenant, connection limit ${limit}`;
}

/**
 * @returns the connections of tenants whose configuration has changed since the connection's last check, and those for
 * which the platform asked for a check. Each is returned at most once in `seconds` until its check has ended.
 */
export async function takeDueSubscriptions(
  sql: Db,
  connectors: readonly string[],
  seconds: number,
): Promise<SubscribedConnection[]> {
  return sql<SubscribedConnection[]>`
    with due as (
      select f.tenant, f.connection from (${subscribable(sql, connectors)}) as f
      join config_versions v on v.tenant = f.tenant
      left join subscription_checks k on k.tenant = f.tenant and k.connection = f.connection
      where (k.version is distinct from v.version or k.asked > k.answered)
        and (k.started_at is null or k.started_at < clock_timestamp() - make_interval(secs => ${seconds}::float8))
    )
    insert into subscription_checks (tenant, connection, started_at)
    select tenant, connection, clock_timestamp() from due
    on conflict (tenant, connection) do update set started_at = excluded.started_at
    returning tenant, connection`;
}

/**
 * Asks for a check of a connection's subscriptions, because its platform reports that one ends or has ended.
 * @param missedSince since when events may be missing, as the platform says. The next check that finds a subscription
 * active again records the gap from then on.
 */
export async function askForSubscriptions(
  sql: Db,
  { tenant, connection }: SubscribedConnection,
  missedSince?: Date,
): Promise<void> {
  await sql`
    with missed as (
      update subscriptions set missed_from = least(missed_from, ${missedSince ?? null}::timestamptz)
      where tenant = ${tenant} and connection = ${connection} and ${missedSince ?? null}::timestamptz is not null
    )
    insert into subscription_checks (tenant, connection, asked) values (${tenant}, ${connection}, 1)
    on conflict (tenant, connection) do update set asked = subscription_checks.asked + 1`;
}

/** What a check has seen when it began. A change or a request that comes later leads to another check. */
export interface SubscriptionCheck {
  /** The version of the tenant's configuration. */
  readonly version: string;
  /** How often the platform has asked for a check. */
  readonly asked: string;
  /** Whether the platform has asked for a check since the last one. */
  readonly isAsked: boolean;
  /** The connection has rows in `subscriptions`, from an earlier check. */
  readonly isKnown: boolean;
}

/** @returns undefined where the connection does not exist any more. */
export async function beginSubscriptionCheck(
  sql: Db,
  { tenant, connection }: SubscribedConnection,
): Promise<SubscriptionCheck | undefined> {
  const [row] = await sql<SubscriptionCheck[]>`
    insert into subscription_checks as k (tenant, connection, started_at)
    select tenant, id, clock_timestamp() from connections where tenant = ${tenant} and id = ${connection}
    on conflict (tenant, connection) do update set started_at = excluded.started_at
    returning k.asked::text, k.asked > k.answered as "isAsked",
      exists (select from subscriptions s where s.tenant = ${tenant} and s.connection = ${connection}) as "isKnown",
      (select version::text from config_versions where tenant = ${tenant}) as version`;
  return row;
}

/** Records that a check has ended, for the version and the requests that it saw at its beginning. */
export async function endSubscriptionCheck(
  sql: Db,
  { tenant, connection }: SubscribedConnection,
  { version, asked }: SubscriptionCheck,
): Promise<void> {
  await sql`
    update subscription_checks set version = ${version}::bigint, answered = ${asked}::bigint, started_at = null
    where tenant = ${tenant} and connection = ${connection}`;
}

/**
 * @returns the destinations of a connection that are members of a bridge, with their addresses, in the order of ids.
 */
export async function bridgedAddresses(
  sql: Db,
  { tenant, connection }: SubscribedConnection,
): Promise<{ readonly destination: DestinationId; readonly address: Record<string, unknown> }[]> {
  return sql<{ destination: DestinationId; address: Record<string, unknown> }[]>`
    select distinct d.id as destination, d.address
    from bridges b cross join jsonb_array_elements_text(b.members) as m (id)
    join destinations d on d.tenant = b.tenant and d.id = m.id and d.deleted_at is null
    where b.tenant = ${tenant} and d.connection = ${connection} order by d.id`;
}
