import type { Db } from './db.ts';
import { batchRow, freeTenants, reportGone, toBatch, windowsOf } from './housekeeping-batch.ts';
import type { Batch, BatchRequest, BatchRow } from './housekeeping-batch.ts';

/**
 * Removes old links: events about their messages are then about something unknown. Uses `links_created`. Of links made in
 * the same microsecond the next pass takes the rest.
 */
export async function removeLinks(sql: Db, { pass, windows, after, limit }: BatchRequest): Promise<Batch> {
  const [row] = await sql<[BatchRow]>`
    with ${windowsOf(sql, windows)}, scanned as materialized (
      select tenant, connection, key, created_at as at from links
      where created_at > ${after === '' ? '-infinity' : after}::text::timestamptz
      order by created_at limit ${limit}
    ), due as materialized (
      select s.tenant, s.connection, s.key from scanned s join windows w on w.tenant = s.tenant where s.at < w.before
    ), ${freeTenants(sql)}, gone as (
      delete from links l using due join free on free.id = due.tenant
      where l.tenant = due.tenant and l.connection = due.connection and l.key = due.key
      returning l.tenant
    ), ${reportGone(sql, pass, 'links')}
    ${batchRow(sql, sql`select max(at)::text from scanned`)}`;
  return toBatch(row, limit);
}
