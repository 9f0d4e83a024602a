import type { Reason } from '../../domain/failure.ts';
import type { ConnectionId, DestinationId, SubscriptionId, TenantId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';
import { newSubscriptionId } from '../db/new-id.ts';

export type SubscriptionState = 'active' | 'failing' | 'refused';

/** A subscription that makes a platform send the events of one room. */
export interface SubscriptionRow {
  readonly id: SubscriptionId;
  readonly connection: ConnectionId;
  readonly room: string;
  readonly destination: DestinationId;
  readonly state: SubscriptionState;
  /** What Carillon did last: `created`, `renewed`, `enabled` or `replaced`. Null where it has done nothing yet. */
  readonly did: string | null;
  readonly didAt: Date | null;
  /** When it lapses unless renewed. Null where it never lapses, or was never active. */
  readonly goodUntil: Date | null;
  /** When it was last known to be active. */
  readonly keptAt: Date | null;
  readonly checkedAt: Date;
  readonly reason: Reason | null;
}

/** What a check has found for one room. */
export interface SubscriptionFinding {
  readonly room: string;
  readonly destination: DestinationId;
  readonly state: SubscriptionState;
  /** What the check did; absent where nothing had to be done. */
  readonly did?: string;
  readonly goodUntil?: Date;
  readonly reason?: Reason;
}

const columns = (sql: Db) => sql`
  id, connection, room, destination, state, did, did_at as "didAt", good_until as "goodUntil", kept_at as "keptAt",
  checked_at as "checkedAt", reason`;

/** Lists subscriptions in the order of their ids, continuing after the id `after`. Uses `subscriptions_list`. */
export async function listSubscriptions(
  sql: Db,
  tenant: TenantId,
  limit: number,
  after: string,
): Promise<SubscriptionRow[]> {
  return sql<SubscriptionRow[]>`
    select ${columns(sql)} from subscriptions where tenant = ${tenant} and id > ${after} order by id limit ${limit}`;
}

/**
 * Records that events of these rooms may be missing: since the subscription was last seen active, and from 10 minutes
 * before that, because a platform may have failed to reach us for some minutes before it switched the subscription off.
 * It must be called before the subscription is repaired. A process that died after the repair would leave no trace of
 * the gap.
 */
export async function markSilent(
  sql: Db,
  tenant: TenantId,
  connection: ConnectionId,
  rooms: readonly string[],
): Promise<void> {
  await sql`
    update subscriptions set missed_from = coalesce(missed_from, kept_at - interval '10 minutes')
    where tenant = ${tenant} and connection = ${connection} and room = any(${rooms as string[]}::text[])`;
}

/**
 * Records what a check has found for a connection's rooms, and removes the rows of all other rooms. A room whose check
 * failed keeps the time until which its subscription is good, and the time at which it was last active. Rooms that were
 * silent and are active again make one gap, from the earliest time on. Uses the unique index on (tenant, connection,
 * room).
 */
export async function writeSubscriptions(
  sql: Db,
  tenant: TenantId,
  connection: ConnectionId,
  findings: readonly SubscriptionFinding[],
): Promise<void> {
  const rows = findings.map((one) => ({ id: newSubscriptionId(), ...one }));
  await sql`
    with found as (
      select * from jsonb_to_recordset(${json(sql, rows)}::jsonb) as f
        (id text, room text, destination text, state text, did text, "goodUntil" timestamptz, reason jsonb)
    ), gone as (
      delete from subscriptions
      where tenant = ${tenant} and connection = ${connection} and room not in (select room from found)
    ), written as (
    insert into subscriptions as s
      (id, tenant, connection, room, destination, state, did, did_at, good_until, kept_at, reason)
    select id, ${tenant}, ${connection}, room, destination, state, did,
      case when did is not null then clock_timestamp() end, "goodUntil",
      case when state = 'active' then clock_timestamp() end, reason
    from found
    on conflict (tenant, connection, room) do update
    set destination = excluded.destination, state = excluded.state, reason = excluded.reason,
      did = coalesce(excluded.did, s.did), did_at = coalesce(excluded.did_at, s.did_at),
      good_until = case when excluded.state = 'active' then excluded.good_until else s.good_until end,
      kept_at = coalesce(excluded.kept_at, s.kept_at), checked_at = clock_timestamp(),
      missed_from = case when excluded.state = 'active' then null else s.missed_from end
    returning old.missed_from as missed, new.state
    )
    insert into gaps (from_at, to_at, tenant, connection)
    select min(missed), clock_timestamp(), ${tenant}, ${connection} from written
    where state = 'active' and missed is not null having count(*) > 0
    on conflict (from_at, tenant, connection) do update
    set to_at = excluded.to_at, started_at = null, done_at = null`;
}
