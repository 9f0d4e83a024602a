import { createJob, findJob, type JobRow, type NewJob } from '../../src/store/jobs/jobs.ts';
import { newJobId } from '../../src/store/db/new-id.ts';
import type { LedgerBench } from '../support/ledger-bench.ts';

/** Stores a job, by default a retry of all deliveries of the tenant `default`. */
export async function makeJob({ sql }: LedgerBench, more: Partial<NewJob>): Promise<JobRow> {
  const { job } = await createJob(sql, {
    id: newJobId(),
    tenant: 'default',
    kind: 'retry',
    filter: {},
    destinations: null,
    again: false,
    rate: 200,
    requestedBy: 'key_1',
    reason: null,
    key: null,
    ...more,
  });
  return job;
}

export async function jobRow({ sql }: LedgerBench, { id }: JobRow): Promise<JobRow> {
  const found = await findJob(sql, undefined, id);
  if (found === undefined) throw new Error('it is gone');
  return found;
}

export async function jobCounts(bench: LedgerBench, job: JobRow) {
  const { state, done, changed, failed } = await jobRow(bench, job);
  return { state, done, changed, failed };
}

/** Makes the job's next step due now. */
export async function letTimePass({ sql }: LedgerBench, { id }: JobRow): Promise<void> {
  await sql`update jobs set next_at = clock_timestamp() where id = ${id}`;
}

/** @returns the events of a job, each with its type and the number of items done then. */
export async function jobEvents({ sql }: LedgerBench, { id }: JobRow): Promise<unknown[]> {
  const rows = await sql`select type, data from events where data->>'job' = ${id} order by xid, id`;
  return rows.map((one) => [one['type'], one['data'].done]);
}
