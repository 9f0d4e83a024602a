import type { Db } from './db.ts';

/** Whether any worker said that it lives within the last so many seconds: somebody delivers. */
export async function isAnyWorkerAlive(sql: Db, withinSeconds: number): Promise<boolean> {
  const [row] = await sql<{ alive: boolean }[]>`
    select exists (
      select from workers where seen_at > clock_timestamp() - make_interval(secs => ${withinSeconds})) as alive`;
  return row?.alive === true;
}
