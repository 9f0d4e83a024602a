import type { Db } from '../db/db.ts';

/** @returns whether any worker has written a sign of life within the last `withinSeconds`. */
export async function isAnyWorkerAlive(sql: Db, withinSeconds: number): Promise<boolean> {
  const [row] = await sql<{ alive: boolean }[]>`
    select exists (
      select from workers where seen_at > clock_timestamp() - make_interval(secs => ${withinSeconds})) as alive`;
  return row?.alive === true;
}

/**
 * Writes a worker's sign of life; each worker does so every 5 s. It removes the rows of workers that have written none
 * for a day.
 */
export async function sayAlive(sql: Db, worker: string): Promise<void> {
  await sql`
    with forgotten as (delete from workers where seen_at < clock_timestamp() - interval '1 day' and id <> ${worker})
    insert into workers (id) values (${worker})
    on conflict (id) do update set seen_at = clock_timestamp()`;
}

/**
 * Removes a worker that ends in order. The row of a worker that was killed is removed after a day by another worker.
 */
export async function sayGone(sql: Db, worker: string): Promise<void> {
  await sql`delete from workers where id = ${worker}`;
}

/**
 * Takes a lease of this name for `seconds`, or renews it. One holder in the deployment has it at a time. A holder that
 * dies keeps it until the time is over.
 * @returns false while another holder has it.
 */
export async function takeLease(sql: Db, leaseName: string, holder: string, seconds: number): Promise<boolean> {
  const [row] = await sql`
    insert into leases as l (job, holder, until)
    values (${leaseName}, ${holder}, clock_timestamp() + make_interval(secs => ${seconds}))
    on conflict (job) do update set holder = excluded.holder, until = excluded.until
    where l.holder = excluded.holder or l.until < clock_timestamp()
    returning job`;
  return row !== undefined;
}

/** Gives a lease back, so that the next holder need not wait for its end. */
export async function returnLease(sql: Db, leaseName: string, holder: string): Promise<void> {
  await sql`delete from leases where job = ${leaseName} and holder = ${holder}`;
}

/**
 * @returns whether messages can be stored: the server is not a read-only replica.
 * @throws where the tables are missing.
 */
export async function isWritable(sql: Db): Promise<boolean> {
  const [row] = await sql<{ writable: boolean }[]>`
    select exists (select from config_versions) and not pg_is_in_recovery() as writable`;
  return row?.writable === true;
}
