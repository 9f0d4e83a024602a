import type { ConnectionId, DestinationId, TenantId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';

/** A time in which nobody listened at the hooks, or one connection's platform sent nothing there. */
export interface GapRow {
  readonly id: number;
  /** Both null where nobody listened. */
  readonly tenant: TenantId | null;
  readonly connection: ConnectionId | null;
  readonly fromAt: Date;
  readonly toAt: Date;
  readonly doneAt: Date | null;
  readonly report: readonly RoomReport[] | null;
}

/** What came of reading one room's history. */
export interface RoomReport {
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
  readonly destination: DestinationId;
  readonly read: number;
  readonly fresh: number;
  /** What cannot be learned from this platform's history, or why it was not read. */
  readonly lacks: readonly string[];
}

const columns = (sql: Db) =>
  sql`id, tenant, connection, from_at as "fromAt", to_at as "toAt", done_at as "doneAt", report`;

/** One that was noted already, by a process that then did not come to listen, goes on; what was read of it is read again. */
const longer = (sql: Db, gapSeconds: number) => sql`
  on conflict (from_at, tenant, connection) do update set to_at = excluded.to_at, started_at = null, done_at = null
  where gaps.to_at < excluded.to_at - make_interval(secs => ${gapSeconds}::float8)`;

/**
 * Writes down the gap that there is, if nobody has listened for `gapSeconds`: before anybody does, so that what comes then
 * waits for what was missed.
 * @returns whether there is one that nobody had written down.
 */
export async function noteGap(sql: Db, gapSeconds: number): Promise<boolean> {
  const rows = await sql`
    insert into gaps (from_at, to_at)
    select last_at, clock_timestamp() from hearing
    where last_at < clock_timestamp() - make_interval(secs => ${gapSeconds}::float8)
    ${longer(sql, gapSeconds)}
    returning id`;
  return rows.length > 0;
}

/**
 * Says that somebody listens now. Whoever says it first after `gapSeconds` of silence writes the gap down, unless it is.
 * @returns whether it was written now.
 */
export async function listenNow(sql: Db, gapSeconds: number): Promise<boolean> {
  const rows = await sql`
    with beat as (
      insert into hearing (last_at) values (clock_timestamp())
      on conflict (id) do update set last_at = clock_timestamp()
      returning old.last_at as before, new.last_at as now
    )
    insert into gaps (from_at, to_at)
    select before, now from beat where before < now - make_interval(secs => ${gapSeconds}::float8)
    ${longer(sql, gapSeconds)}
    returning id`;
  return rows.length > 0;
}

/** Gaps that are still to be read, each given out once in `seconds`. */
export async function takeOpenGaps(sql: Db, seconds: number): Promise<number[]> {
  const rows = await sql<{ id: number }[]>`
    update gaps set started_at = clock_timestamp()
    where done_at is null and (started_at is null or started_at < clock_timestamp() - make_interval(secs => ${seconds}::float8))
    returning id`;
  return rows.map(({ id }) => id);
}

export async function findGap(sql: Db, id: number): Promise<GapRow | undefined> {
  const [row] = await sql<GapRow[]>`select ${columns(sql)} from gaps where id = ${id}`;
  return row;
}

/** The newest first, those older than `before`. */
export async function listGaps(sql: Db, limit: number, before: number | undefined): Promise<GapRow[]> {
  return sql<GapRow[]>`
    select ${columns(sql)} from gaps ${before === undefined ? sql`` : sql`where id < ${before}`} order by id desc limit ${limit}`;
}

export async function closeGap(sql: Db, id: number, report: readonly RoomReport[]): Promise<void> {
  await sql`update gaps set done_at = clock_timestamp(), report = ${json(sql, report)} where id = ${id}`;
}

/** A room that something comes in from, because a bridge has it. */
export interface BridgedRoom {
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
  readonly destination: DestinationId;
}

/** All members of all bridges, each once; of a gap of one connection those of that. */
export async function bridgedRooms(sql: Db, gap: number): Promise<BridgedRoom[]> {
  return sql<BridgedRoom[]>`
    select distinct d.tenant, d.connection, d.id as destination
    from bridges b cross join jsonb_array_elements_text(b.members) as m (id)
    join destinations d on d.tenant = b.tenant and d.id = m.id and d.deleted_at is null
    join gaps g on g.id = ${gap} and (g.connection is null or (g.tenant = d.tenant and g.connection = d.connection))
    order by 1, 2, 3`;
}
