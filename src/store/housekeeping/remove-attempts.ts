import type { Db } from '../db/db.ts';
import { batchRow, freeTenants, isSettled, reportGone, toBatch, windowsOf } from './batch.ts';
import type { Batch, BatchRequest, BatchRow } from './batch.ts';

/** Removes old attempts. The delivery keeps the number of its attempts. Uses the primary key. */
export async function removeAttempts(sql: Db, { pass, windows, after, limit }: BatchRequest): Promise<Batch> {
  const [row] = await sql<[BatchRow]>`
    with ${windowsOf(sql, windows)}, scanned as materialized (
      select a.id, d.message, d.tenant, a.started_at as at
      from (select id, delivery, started_at from attempts where id > ${after} order by id limit ${limit}) a
      join deliveries d on d.id = a.delivery
    ), due as materialized (
      select s.id, s.tenant from scanned s join windows w on w.tenant = s.tenant
      where s.at < w.before and ${isSettled(sql, 's.message')}
    ), ${freeTenants(sql)}, gone as (
      delete from attempts a using due join free on free.id = due.tenant where a.id = due.id returning due.tenant
    ), ${reportGone(sql, pass, 'attempts')}
    ${batchRow(sql, sql`select max(id) from scanned`)}`;
  return toBatch(row, limit);
}
