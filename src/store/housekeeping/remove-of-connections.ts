import { batchRow, freeTenants, reportGone, toBatch, windowsOf } from './batch.ts';
import type { BatchRow, Remover } from './batch.ts';

/**
 * Makes the remover of a table whose rows have a connection and a key. These are links, after which an event that
 * refers to the post finds no message, and people, whose look-ups have expired. If a batch ends between rows of the
 * same microsecond, the next pass removes the rest.
 * @param table also names the kind of data in the reports.
 * @param at the column from which the age of a row counts. It needs an index.
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
