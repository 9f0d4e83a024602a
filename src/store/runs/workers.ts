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

/**
 * Takes, or keeps, the deployment's one lease of a job. A process that dies with it holds it for `seconds` more.
 * @returns false while another process has it.
 */
export async function takeLease(sql: Db, job: string, holder: string, seconds: number): Promise<boolean> {
  const [row] = await sql`
    insert into leases as l (job, holder, until)
    values (${job}, ${holder}, clock_timestamp() + make_interval(secs => ${seconds}))
    on conflict (job) do update set holder = excluded.holder, until = excluded.until
    where l.holder = excluded.holder or l.until < clock_timestamp()
    returning job`;
  return row !== undefined;
}

/** Gives it back, so that the next process need not wait for its end. */
export async function returnLease(sql: Db, job: string, holder: string): Promise<void> {
  await sql`delete from leases where job = ${job} and holder = ${holder}`;
}

/** Whether messages can be stored: the tables are there, and this is not a replica that only reads. */
export async function isWritable(sql: Db): Promise<boolean> {
  const [row] = await sql<{ writable: boolean }[]>`
    select exists (select from config_versions) and not pg_is_in_recovery() as writable`;
  return row?.writable === true;
}
