import type { Db } from '../db/db.ts';
import { batchRow, freeTenants, isSettled, reportGone, toBatch, windowsOf } from './batch.ts';
import type { Batch, BatchRequest, BatchRow } from './batch.ts';

/**
 * Removes old messages with their deliveries, attempts and contents, and through foreign keys their links, reactions
 * and files; only messages are counted. Where another transaction has locked one of the rows, or the message was edited
 * or deleted since the statement read it, the whole message stays for the next pass. Locks deliveries, then messages,
 * each in the order of their ids, and waits for no lock. Foreign keys are checked when the statement ends, so the order
 * of the deletes does not matter. Uses the primary key.
 */
export async function removeMessages(sql: Db, { pass, windows, after, limit }: BatchRequest): Promise<Batch> {
  const [row] = await sql<[BatchRow]>`
    with ${windowsOf(sql, windows)}, scanned as materialized (
      select m.id, m.tenant, m.version, m.deleted_at, m.received_at as at from messages m where m.id > ${after} order by m.id limit ${limit}
    ), due as materialized (
      select s.id, s.tenant, s.version, s.deleted_at from scanned s join windows w on w.tenant = s.tenant
      where s.at < w.before and ${isSettled(sql, 's.id')}
    ), ${freeTenants(sql)}, their as materialized (
      select d.id from deliveries d
      where d.message in (select due.id from due join free on free.id = due.tenant)
      order by d.id for update skip locked
    ), leaving as materialized (
      select m.id, m.tenant from messages m join due on due.id = m.id join free on free.id = due.tenant
      where m.version = due.version and m.deleted_at is not distinct from due.deleted_at
        and not exists (select from deliveries d where d.message = m.id and d.id not in (select id from their))
      order by m.id for update of m skip locked
    ), gone_attempts as (
      delete from attempts a using deliveries d, leaving l where a.delivery = d.id and d.message = l.id
    ), gone_deliveries as (
      delete from deliveries d using leaving l where d.message = l.id
    ), gone_contents as (
      delete from contents c using leaving l where c.message = l.id
    ), gone as (
      delete from messages m using leaving l where m.id = l.id returning m.tenant
    ), ${reportGone(sql, pass, 'messages')}
    ${batchRow(sql, sql`select max(id) from scanned`)}`;
  return toBatch(row, limit);
}
