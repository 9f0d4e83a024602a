import type { DeliveryId, DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import type { Db } from '../db/db.ts';

/**
 * A position in the order of events, right after one event. Transactions commit out of order, so a reader that used a
 * serial number alone would miss events that commit late. `xid` is the id of the event's transaction; it has 64 bits,
 * and PostgreSQL never uses one twice.
 */
export interface EventPosition {
  readonly xid: bigint;
  readonly id: number;
}

/** The position before all events. */
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
  /** Events of one of these types, or … */
  readonly types?: readonly string[] | undefined;
  /** … of a type that begins with one of these. */
  readonly prefixes?: readonly string[] | undefined;
  readonly destination?: DestinationId | undefined;
  readonly conversation?: string | undefined;
  readonly message?: MessageId | undefined;
}

export interface EventsRead {
  /** The reader missed events: some after its position were removed, or this database never gave out that position. */
  readonly isExpired: boolean;
  readonly events: readonly EventRow[];
  /**
   * The position up to which this read has looked, and from which the next one goes on. It may lie after the last
   * event.
   */
  readonly position: EventPosition;
  /** This read has looked at everything that can be read now. */
  readonly isCaughtUp: boolean;
}

/** How many rows one read looks at, of which a filter may drop most. */
const scanLimit = 2_000;

/** All transactions below this id are over, so no event can appear there any more. */
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
 * Reads the events after a position, the oldest first. It looks at a bounded number of rows by the primary key, or at
 * one message's rows by `events_message`, so it may find nothing although there are more. It is one statement, so that
 * removed events are reported as of the same moment.
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

/** A position from the future comes from another server: the database was restored from a dump since. */
const isExpired = (sql: Db, tenant: TenantId, { xid, id }: EventPosition) => sql`(
  ${String(xid)}::xid8 > pg_snapshot_xmax(pg_current_snapshot()) or exists (
    select from events_removed r where r.tenant = ${tenant} and (r.xid, r.id) > (${String(xid)}::xid8, ${id}::bigint)))`;

function toEvent({ xid, id, type, message, delivery, destination, data, at }: Row): EventRow[] {
  return xid === null ? [] : [{ position: { xid: BigInt(xid), id }, type, message, delivery, destination, data, at }];
}

/** The position from which a reader gets only events that come from now on. */
export async function currentEventPosition(sql: Db): Promise<EventPosition> {
  const [row] = await sql<{ xid: string }[]>`select ${horizon(sql)}::text as xid`;
  return { xid: BigInt(row?.xid ?? 0), id: 0 };
}

/**
 * The newest event of any tenant that can be read. It is one step in the primary key, however many events there are.
 */
export async function newestEventPosition(sql: Db): Promise<EventPosition> {
  const [row] = await sql<{ xid: string; id: number }[]>`
    select xid::text, id from events where xid < ${horizon(sql)} order by events.xid desc, id desc limit 1`;
  return row === undefined ? beginningOfEvents : { xid: BigInt(row.xid), id: row.id };
}
