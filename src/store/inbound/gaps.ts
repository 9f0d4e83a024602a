import type { ConnectionId, DestinationId, TenantId } from '../../domain/ids.ts';
import { json, type Db } from '../db/db.ts';

/** A time in which no api process listened at the hooks, or in which one connection's platform sent nothing. */
export interface GapRow {
  readonly id: number;
  /** Both null where no api process listened. */
  readonly tenant: TenantId | null;
  readonly connection: ConnectionId | null;
  readonly fromAt: Date;
  readonly toAt: Date;
  readonly doneAt: Date | null;
  readonly report: readonly RoomReport[] | null;
}

/** The result of reading one room's history. */
export interface RoomReport {
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
  readonly destination: DestinationId;
  /** How many events the history has. */
  readonly read: number;
  /** How many of them were not in the inbox before. */
  readonly fresh: number;
  /** Which kinds of events this platform's history does not have, or why it was not read. */
  readonly lacks: readonly string[];
}

const columns = (sql: Db) =>
  sql`id, tenant, connection, from_at as "fromAt", to_at as "toAt", done_at as "doneAt", report`;

/**
 * A gap whose row exists already, written by a process that then never listened, is made longer, and its rooms are read
 * again.
 */
const longer = (sql: Db, gapSeconds: number) => sql`
  on conflict (from_at, tenant, connection) do update set to_at = excluded.to_at, started_at = null, done_at = null
  where gaps.to_at < excluded.to_at - make_interval(secs => ${gapSeconds}::float8)`;

/**
 * Records a gap if no api process has listened for `gapSeconds`. A process calls it before it listens, so that the
 * events that arrive then wait for those that were missed.
 * @returns true where a gap was recorded, or a recorded one became longer by more than `gapSeconds`.
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
 * Records that an api process listens now. The first call after `gapSeconds` without one records the gap, where
 * `noteGap` has not done so.
 * @returns true where a gap was recorded, or a recorded one became longer.
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

/** @returns the ids of the gaps that are still to be read, each at most once in `seconds`. Uses `gaps_open`. */
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

/** Lists gaps, the newest first; with `before`, only gaps with a smaller id. */
export async function listGaps(sql: Db, limit: number, before: number | undefined): Promise<GapRow[]> {
  return sql<GapRow[]>`
    select ${columns(sql)} from gaps ${before === undefined ? sql`` : sql`where id < ${before}`} order by id desc limit ${limit}`;
}

export async function closeGap(sql: Db, id: number, report: readonly RoomReport[]): Promise<void> {
  await sql`update gaps set done_at = clock_timestamp(), report = ${json(sql, report)} where id = ${id}`;
}

/** A room that is a member of a bridge, so that its events are routed. */
export interface BridgedRoom {
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
  readonly destination: DestinationId;
}

/** @returns the members of all bridges, each once. For a gap of one connection, only the members on that connection. */
export async function bridgedRooms(sql: Db, gap: number): Promise<BridgedRoom[]> {
  return sql<BridgedRoom[]>`
    select distinct d.tenant, d.connection, d.id as destination
    from bridges b cross join jsonb_array_elements_text(b.members) as m (id)
    join destinations d on d.tenant = b.tenant and d.id = m.id and d.deleted_at is null
    join gaps g on g.id = ${gap} and (g.connection is null or (g.tenant = d.tenant and g.connection = d.connection))
    order by 1, 2, 3`;
}
