import type { Db } from '../db/db.ts';
import { batchRow, freeTenants, reportGone, toBatch, windowsOf } from './batch.ts';
import type { Batch, BatchRequest, BatchRow } from './batch.ts';

/**
 * Removes old inbox events that were routed or ignored, with the keys by which redeliveries are known, and old requests
 * in quarantine. Events that are still to be routed stay. Uses the primary key.
 */
export async function removeInbox(sql: Db, { pass, windows, after, limit }: BatchRequest): Promise<Batch> {
  const [row] = await sql<[BatchRow]>`
    with ${windowsOf(sql, windows)}, scanned as materialized (
      select id, tenant, state, received_at as at from inbox where id > ${after} order by id limit ${limit}
    ), due as materialized (
      select s.id, s.tenant from scanned s join windows w on w.tenant = s.tenant
      where s.at < w.before and s.state in ('routed', 'ignored', 'quarantined')
    ), ${freeTenants(sql)}, gone as (
      delete from inbox i using due join free on free.id = due.tenant where i.id = due.id returning i.tenant
    ), ${reportGone(sql, pass, 'inbox')}
    ${batchRow(sql, sql`select max(id) from scanned`)}`;
  return toBatch(row, limit);
}
