import { listReports } from '../../../src/store/housekeeping/housekeeping.ts';
import { endJob, findJob, type JobRow } from '../../../src/store/jobs/jobs.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { makeJob } from '../made-jobs.ts';
import { oldMessages, tenant, type OldMessages } from '../old-messages.ts';

let bench: LedgerBench;
let old: OldMessages;
beforeEach(async () => {
  bench = await createLedgerBench();
  old = oldMessages(bench);
});
afterEach(() => bench.close());

/** Makes a job that is `made` days old and ended `ended` days ago; without `ended` it still runs. */
async function job(made: number, ended?: number): Promise<JobRow> {
  const one = await makeJob(bench, { key: `made ${made}, ended ${ended}` });
  if (ended !== undefined) await endJob(bench.sql, tenant, one.id, 'cancelled');
  await bench.sql`
    update jobs set created_at = now() - make_interval(secs => ${made * 86_400}),
      ended_at = case when state <> 'running' then now() - make_interval(secs => ${(ended ?? 0) * 86_400}) end
    where id = ${one.id}`;
  return one;
}
const isKept = async ({ id }: JobRow) => (await findJob(bench.sql, tenant, id)) !== undefined;

it('a job is removed when its window after its end has passed, and a running job never is', async () => {
  const aged = await job(30, 10.1);
  const young = await job(30, 9.9);
  const running = await job(300);
  expect((await old.run('jobs')).removed).toBe(1);
  expect([await isKept(aged), await isKept(young), await isKept(running)]).toEqual([false, true, true]);
  const [report] = await listReports(bench.sql, 10, undefined);
  expect(report).toMatchObject({ pass: 'pass', tenant, kind: 'jobs', removed: 1 });
});

it('a job of a tenant under legal hold is kept', async () => {
  const aged = await job(30, 20);
  await bench.sql`update tenants set legal_hold = true`;
  expect((await old.run('jobs')).removed).toBe(0);
  expect(await isKept(aged)).toBe(true);
});

it('old jobs are removed in batches, also where jobs that must stay come before them', async () => {
  await job(300);
  for (let n = 0; n < 4; n += 1) await job(30 + n, 20);
  const counts = [];
  for (let after: string | null = ''; after !== null;) {
    const batch = await old.run('jobs', { after, limit: 2 });
    counts.push(batch.removed);
    after = batch.after;
  }
  expect(counts).toEqual([1, 2, 1]);
});

it('an idempotency key whose job was removed makes a new job', async () => {
  const aged = await job(30, 20);
  await old.run('jobs');
  expect((await makeJob(bench, { key: 'made 30, ended 20' })).id).not.toBe(aged.id);
});
