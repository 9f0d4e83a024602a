import type { Db } from '../db/db.ts';
import { batchRow, freeTenants, isSettled, reportGone, toBatch, windowsOf } from './batch.ts';
import type { Batch, BatchRequest, BatchRow } from './batch.ts';

/**
 * Removes old events. The same statement records up to where, so that a reader whose cursor is older learns that it has
 * missed events. An event that no reader could see yet, because an older transaction is still open, stays. Uses the
 * primary key.
 */
export async function removeEvents(sql: Db, { pass, windows, after, limit }: BatchRequest): Promise<Batch> {
  const [xid = '0', id = '0'] = after === '' ? [] : after.split('.');
  const [row] = await sql<[BatchRow]>`
    with ${windowsOf(sql, windows)}, scanned as materialized (
      select e.xid, e.id, e.tenant, e.message, e.at from events e
      where e.xid < pg_snapshot_xmin(pg_current_snapshot()) and (e.xid, e.id) > (${xid}::xid8, ${id}::bigint)
      order by e.xid, e.id limit ${limit}
    ), due as materialized (
      select s.xid, s.id, s.tenant from scanned s join windows w on w.tenant = s.tenant
      where s.at < w.before and ${isSettled(sql, 's.message')}
    ), ${freeTenants(sql)}, gone as (
      delete from events e using due join free on free.id = due.tenant
      where e.xid = due.xid and e.id = due.id
      returning e.tenant, e.xid, e.id
    ), marked as (
      insert into events_removed as r (tenant, xid, id)
      select distinct on (tenant) tenant, xid, id from gone order by tenant, xid desc, id desc
      on conflict (tenant) do update set xid = excluded.xid, id = excluded.id
      where (excluded.xid, excluded.id) > (r.xid, r.id)
    ), ${reportGone(sql, pass, 'events')}
    ${batchRow(sql, sql`select xid || '.' || id from scanned order by xid desc, id desc limit 1`)}`;
  return toBatch(row, limit);
}
