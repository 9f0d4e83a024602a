import type { DeliveryId, DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';

/**
 * A place in the order of events: behind this one. Transactions commit out of order, so a serial number alone would
 * skip what commits late. `xid` is the transaction's; it has 64 bits and PostgreSQL never uses one twice.
 */
export interface EventPosition {
  readonly xid: bigint;
  readonly id: number;
}

/** Before everything. */
export const beginningOfEvents: EventPosition = { xid: 0n, id: 0 };

export interface EventRow {
  readonly position: EventPosition;
  readonly type: string;
  readonly message: MessageId | null;
  readonly delivery: DeliveryId | null;
  readonly destination: DestinationId | null;
  readonly data: Record<string, unknown>;
  readonly at: Date;
}

export interface EventFilter {
  /** One of these types, or … */
  readonly types?: readonly string[] | undefined;
  /** … one that begins so. */
  readonly prefixes?: readonly string[] | undefined;
  readonly destination?: DestinationId | undefined;
  readonly conversation?: string | undefined;
  readonly message?: MessageId | undefined;
}

export interface EventsRead {
  /** Events behind the position were removed, or it is none that this database has given: something is missed. */
  readonly isExpired: boolean;
  readonly events: readonly EventRow[];
  /** How far this read has looked; the next one goes on here. Beyond the last event where the rest did not match. */
  readonly position: EventPosition;
  /** Whether it has looked at everything that can be read now. */
  readonly isCaughtUp: boolean;
}

/** Rows that one read looks at where a filter may drop most of them. */
const scanLimit = 2_000;

/** All transactions below are over, so nothing can appear there any more. */
const horizon = (sql: Db) => sql`pg_snapshot_xmin(pg_current_snapshot())`;

interface Row {
  readonly horizon: string;
  readonly isExpired: boolean;
  readonly scanned: number;
  readonly lastXid: string | null;
  readonly lastId: number | null;
  readonly xid: string | null;
  readonly id: number;
  readonly type: string;
  readonly message: string | null;
  readonly delivery: string | null;
  readonly destination: string | null;
  readonly data: Record<string, unknown>;
  readonly at: Date;
}

/**
 * The events behind a position, the oldest first. Looks at a bounded number of rows by the primary key, or at one
 * message's by `events_message`; so it may find nothing and yet not be at the end. One statement and so one moment:
 * what it says of removed events is true of the events that it gives.
 */
export async function readEvents(
  sql: Db,
  tenant: TenantId,
  filter: EventFilter,
  after: EventPosition,
  limit: number,
): Promise<EventsRead> {
  const { types, prefixes, destination, conversation, message } = filter;
  const isByType = types !== undefined || prefixes !== undefined;
  const scans = isByType || destination !== undefined || conversation !== undefined ? scanLimit : limit;
  const xid = String(after.xid);
  const rows = await sql<Row[]>`
    with scanned as materialized (
      select e.* from events e
      where e.xid < ${horizon(sql)} and (e.xid, e.id) > (${xid}::xid8, ${after.id}::bigint)
        ${message === undefined ? sql`` : sql`and e.message = ${message}`}
      order by e.xid, e.id limit ${scans}
    ), matched as (
      select e.* from scanned e
      where e.tenant = ${tenant}
        ${
          isByType
            ? sql`and (e.type = any(${[...(types ?? [])]}::text[])
                or exists (select from unnest(${[...(prefixes ?? [])]}::text[]) p where starts_with(e.type, p)))`
            : sql``
        }
        ${destination === undefined ? sql`` : sql`and e.destination = ${destination}`}
        ${
          conversation === undefined
            ? sql``
            : sql`and exists (
                select from messages m where m.id = e.message and m.tenant = ${tenant} and m.conversation = ${conversation})`
        }
      order by e.xid, e.id limit ${limit}
    )
    select ${horizon(sql)}::text as horizon,
      ${isBeginning(after) ? sql`false` : isExpired(sql, tenant, after)} as "isExpired",
      (select count(*)::integer from scanned) as scanned,
      (select s.xid::text from scanned s order by s.xid desc, s.id desc limit 1) as "lastXid",
      (select s.id from scanned s order by s.xid desc, s.id desc limit 1) as "lastId",
      e.xid::text, e.id, e.type, e.message, e.delivery, e.destination, e.data, e.at
    from (values (1)) as always (one) left join matched e on true
    order by e.xid, e.id`;
  const [first] = rows;
  if (first === undefined) throw new Error('a left join without rows');
  const events = rows.flatMap(toEvent);
  const last = events.at(-1);
  const isCaughtUp = first.scanned < scans && events.length < limit;
  const place = { isExpired: first.isExpired, events, isCaughtUp };
  if (isCaughtUp) return { ...place, position: { xid: BigInt(first.horizon), id: 0 } };
  if (events.length === limit && last !== undefined) return { ...place, position: last.position };
  return { ...place, position: { xid: BigInt(first.lastXid ?? xid), id: first.lastId ?? after.id } };
}

const isBeginning = ({ xid, id }: EventPosition): boolean => xid === 0n && id === 0;

/** A position from the future is of another server: the database was restored from a dump since. */
const isExpired = (sql: Db, tenant: TenantId, { xid, id }: EventPosition) => sql`(
  ${String(xid)}::xid8 > pg_snapshot_xmax(pg_current_snapshot()) or exists (
    select from events_removed r where r.tenant = ${tenant} and (r.xid, r.id) > (${String(xid)}::xid8, ${id}::bigint)))`;

function toEvent({ xid, id, type, message, delivery, destination, data, at }: Row): EventRow[] {
  return xid === null ? [] : [{ position: { xid: BigInt(xid), id }, type, message, delivery, destination, data, at }];
}

/** Where a reader begins that wants only what comes from now on. */
export async function currentEventPosition(sql: Db): Promise<EventPosition> {
  const [row] = await sql<{ xid: string }[]>`select ${horizon(sql)}::text as xid`;
  return { xid: BigInt(row?.xid ?? 0), id: 0 };
}

/** The newest event that can be read, of any tenant: one step in the primary key, however many events there are. */
export async function newestEventPosition(sql: Db): Promise<EventPosition> {
  const [row] = await sql<{ xid: string; id: number }[]>`
    select xid::text, id from events where xid < ${horizon(sql)} order by events.xid desc, id desc limit 1`;
  return row === undefined ? beginningOfEvents : { xid: BigInt(row.xid), id: row.id };
}
