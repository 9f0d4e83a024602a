import type { Db } from '../db/db.ts';

/** Whether any worker said that it lives within the last so many seconds: somebody delivers. */
export async function isAnyWorkerAlive(sql: Db, withinSeconds: number): Promise<boolean> {
  const [row] = await sql<{ alive: boolean }[]>`
    select exists (
      select from workers where seen_at > clock_timestamp() - make_interval(secs => ${withinSeconds})) as alive`;
  return row?.alive === true;
}

/** Written by each worker every few seconds. */
export async function sayAlive(sql: Db, worker: string): Promise<void> {
  await sql`
    with forgotten as (delete from workers where seen_at < clock_timestamp() - interval '1 day' and id <> ${worker})
    insert into workers (id) values (${worker})
    on conflict (id) do update set seen_at = clock_timestamp()`;
}

/** Written by a worker that ends in order; the row of one that was killed grows old. */
export async function sayGone(sql: Db, worker: string): Promise<void> {
  await sql`delete from workers where id = ${worker}`;
}
