import type { Db } from '../db/db.ts';
import { batchRow, freeTenants, isSettled, reportGone, toBatch, windowsOf } from './batch.ts';
import type { Batch, BatchRequest, BatchRow } from './batch.ts';

/**
 * Removes dedupe keys that have expired and whose message is settled. Accepting treats such keys as unknown, too. A key
 * that a post uses again at this moment is locked and stays. A post that comes while this statement has the lock waits,
 * and then finds no row. Uses `dedupe_expiry`. If a batch ends between rows that expire in the same microsecond, the
 * next pass removes the rest.
 */
export async function removeDedupe(sql: Db, { pass, windows, after, limit }: BatchRequest): Promise<Batch> {
  const [row] = await sql<[BatchRow]>`
    with ${windowsOf(sql, windows)}, scanned as materialized (
      select k.tenant, k.scope, k.hash, k.expires_at as at from dedupe k
      where k.expires_at > ${after === '' ? '-infinity' : after}::text::timestamptz
      order by k.expires_at limit ${limit}
    ), due as materialized (
      select k.tenant, k.scope, k.hash
      from scanned s
      join windows w on w.tenant = s.tenant
      join dedupe k on k.tenant = s.tenant and k.scope = s.scope and k.hash = s.hash
      where k.expires_at < w.before and ${isSettled(sql, 'k.message')}
      order by k.expires_at for update of k skip locked
    ), ${freeTenants(sql)}, gone as (
      delete from dedupe k using due join free on free.id = due.tenant
      where k.tenant = due.tenant and k.scope = due.scope and k.hash = due.hash
      returning k.tenant
    ), ${reportGone(sql, pass, 'dedupe')}
    ${batchRow(sql, sql`select max(at)::text from scanned`)}`;
  return toBatch(row, limit);
}
