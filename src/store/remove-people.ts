import type { Db } from './db.ts';
import { batchRow, freeTenants, reportGone, toBatch, windowsOf } from './housekeeping-batch.ts';
import type { Batch, BatchRequest, BatchRow } from './housekeeping-batch.ts';

/** Removes what was learned of people and is not believed any more. Uses `people_expires`. */
export async function removePeople(sql: Db, { pass, windows, after, limit }: BatchRequest): Promise<Batch> {
  const [row] = await sql<[BatchRow]>`
    with ${windowsOf(sql, windows)}, scanned as materialized (
      select tenant, connection, key, expires_at as at from people
      where expires_at > ${after === '' ? '-infinity' : after}::text::timestamptz
      order by expires_at limit ${limit}
    ), due as materialized (
      select s.tenant, s.connection, s.key from scanned s join windows w on w.tenant = s.tenant where s.at < w.before
    ), ${freeTenants(sql)}, gone as (
      delete from people p using due join free on free.id = due.tenant
      where p.tenant = due.tenant and p.connection = due.connection and p.key = due.key
      returning p.tenant
    ), ${reportGone(sql, pass, 'people')}
    ${batchRow(sql, sql`select max(at)::text from scanned`)}`;
  return toBatch(row, limit);
}
