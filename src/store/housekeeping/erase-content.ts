import type { Db } from '../db/db.ts';
import { batchRow, freeTenants, isSettled, reportGone, toBatch, windowsOf } from './batch.ts';
import type { Batch, BatchRequest, BatchRow } from './batch.ts';

/**
 * Erases the content of old messages and removes their files. A row without content stays, with the time of erasure.
 * Uses `contents_kept`. If a batch ends between two versions of one message, the next pass erases the second.
 */
export async function eraseContent(sql: Db, { pass, windows, after, limit }: BatchRequest): Promise<Batch> {
  const [row] = await sql<[BatchRow]>`
    with ${windowsOf(sql, windows)}, scanned as materialized (
      select c.message, c.version, m.tenant, c.created_at as at
      from (
        select message, version, created_at from contents
        where sealed is not null and message > ${after}
        order by message, version limit ${limit}) c
      join messages m on m.id = c.message
    ), due as materialized (
      select s.message, s.version, s.tenant from scanned s join windows w on w.tenant = s.tenant
      where s.at < w.before and ${isSettled(sql, 's.message')}
    ), ${freeTenants(sql)}, gone as (
      update contents c set sealed = null, erased_at = clock_timestamp()
      from due join free on free.id = due.tenant
      where c.message = due.message and c.version = due.version and c.sealed is not null
      returning due.tenant
    ), gone_files as (
      delete from files f using due join free on free.id = due.tenant where f.message = due.message
    ), ${reportGone(sql, pass, 'content')}
    ${batchRow(sql, sql`select max(message) from scanned`)}`;
  return toBatch(row, limit);
}
