import { batchRow, freeTenants, reportGone, toBatch, windowsOf } from './batch.ts';
import type { BatchRow, Remover } from './batch.ts';

/**
 * Removes by age what is known by a key of a connection: links, without which events are about something unknown, and
 * what was learned of people and is not believed any more. Of rows of the same microsecond the next pass takes the rest.
 * @param table also the kind of data that the removal is reported as.
 * @param at the column that its age is counted from; needs an index.
 */
export const removerOfConnections =
  (table: 'links' | 'people', at: 'created_at' | 'expires_at'): Remover =>
  async (sql, { pass, windows, after, limit }) => {
    const [row] = await sql<[BatchRow]>`
      with ${windowsOf(sql, windows)}, scanned as materialized (
        select tenant, connection, key, ${sql(at)} as at from ${sql(table)}
        where ${sql(at)} > ${after === '' ? '-infinity' : after}::text::timestamptz
        order by ${sql(at)} limit ${limit}
      ), due as materialized (
        select s.tenant, s.connection, s.key from scanned s join windows w on w.tenant = s.tenant where s.at < w.before
      ), ${freeTenants(sql)}, gone as (
        delete from ${sql(table)} k using due join free on free.id = due.tenant
        where k.tenant = due.tenant and k.connection = due.connection and k.key = due.key
        returning k.tenant
      ), ${reportGone(sql, pass, table)}
      ${batchRow(sql, sql`select max(at)::text from scanned`)}`;
    return toBatch(row, limit);
  };
