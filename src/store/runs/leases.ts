import type { Db } from '../db/db.ts';

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
