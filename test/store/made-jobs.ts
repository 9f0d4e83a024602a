import { createJob, findJob, type JobRow, type NewJob } from '../../src/store/jobs/jobs.ts';
import { newJobId } from '../../src/store/db/new-id.ts';
import type { LedgerBench } from '../support/ledger-bench.ts';

/** Stores a job: a retry of everything in the tenant `default`, unless told otherwise. */
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

/** As if the time that the rate grants had passed. */
export async function letTimePass({ sql }: LedgerBench, { id }: JobRow): Promise<void> {
  await sql`update jobs set next_at = clock_timestamp() where id = ${id}`;
}

/** What was told of a job: the type, and how much was done then. */
export async function jobEvents({ sql }: LedgerBench, { id }: JobRow): Promise<unknown[]> {
  const rows = await sql`select type, data from events where data->>'job' = ${id} order by xid, id`;
  return rows.map((one) => [one['type'], one['data'].done]);
}
