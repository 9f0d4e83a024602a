import type { Db } from '../db/db.ts';
import { batchRow, freeTenants, reportGone, toBatch, windowsOf } from './batch.ts';
import type { Batch, BatchRequest, BatchRow } from './batch.ts';

/** Removes jobs whose end is old, and with them their idempotency keys. Uses the primary key. */
export async function removeJobs(sql: Db, { pass, windows, after, limit }: BatchRequest): Promise<Batch> {
  const [row] = await sql<[BatchRow]>`
    with ${windowsOf(sql, windows)}, scanned as materialized (
      select id, tenant, ended_at, created_at as at from jobs where id > ${after} order by id limit ${limit}
    ), due as materialized (
      select s.id, s.tenant from scanned s join windows w on w.tenant = s.tenant where s.ended_at < w.before
    ), ${freeTenants(sql)}, gone as (
      delete from jobs j using due join free on free.id = due.tenant where j.id = due.id returning j.tenant
    ), ${reportGone(sql, pass, 'jobs')}
    ${batchRow(sql, sql`select max(id) from scanned`)}`;
  return toBatch(row, limit);
}
