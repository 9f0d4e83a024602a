import type { Db } from '../db/db.ts';

/** Whether messages can be stored: the tables are there, and this is not a replica that only reads. */
export async function isWritable(sql: Db): Promise<boolean> {
  const [row] = await sql<{ writable: boolean }[]>`
    select exists (select from config_versions) and not pg_is_in_recovery() as writable`;
  return row?.writable === true;
}
