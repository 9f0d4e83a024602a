import { countDeliveries, stepDeliveries } from '../../../src/store/jobs/job-deliveries.ts';
import { beginJob, createJob, endJob, takeSilentJobs, type JobRow, type NewJob } from '../../../src/store/jobs/jobs.ts';
import { newJobId } from '../../../src/store/db/new-id.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { jobCounts, jobEvents, jobRow, letTimePass, makeJob } from '../made-jobs.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());
afterEach(async () => {
  await bench.sql`delete from jobs`;
  await bench.sql`update deliveries set state = 'cancelled', settled_at = now(), due_at = null where state in ('parked', 'queued')`;
});

async function park(options: Parameters<LedgerBench['post']>[0] = {}): Promise<string> {
  const { deliveries } = await bench.post(options);
  const [delivery = ''] = deliveries;
  const claim = await bench.claim(delivery);
  await bench.fail(delivery, claim?.token ?? '', { park: true });
  return delivery;
}
const parkMany = async (count: number, options: Parameters<LedgerBench['post']>[0] = {}): Promise<string[]> => {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push(await park(options));
  return ids;
};

const make = (more: Partial<NewJob>) => makeJob(bench, more);
const row = (job: JobRow) => jobRow(bench, job);
const counts = (job: JobRow) => jobCounts(bench, job);
const eventsOf = (job: JobRow) => jobEvents(bench, job);
const statesOf = async (ids: readonly string[]): Promise<unknown[]> => {
  const rows = await bench.sql<{ state: string }[]>`
    select state from deliveries where id = any(${ids as string[]}) order by id`;
  return rows.map(({ state }) => state);
};
/** Takes all steps without waiting for the rate. @returns the deliveries that each step changed. */
async function finish(job: JobRow): Promise<string[][]> {
  const woken: string[][] = [];
  for (let steps = 0; steps < 50; steps += 1) {
    const { state, commanded } = await stepDeliveries(bench.sql, job);
    woken.push(commanded.map(({ id }) => id));
    if (state !== 'running') return woken;
    await letTimePass(bench, job);
  }
  throw new Error('it never ends');
}

describe('a bulk retry', () => {
  it('a bulk retry retries the matching deliveries, the oldest first, and counts them step by step', async () => {
    const ids = await parkMany(5);
    const job = await make({ rate: 10 }); // a step has two deliveries
    expect(await countDeliveries(bench.sql, job, 100)).toBe(5);
    await beginJob(bench.sql, job.id, 5);
    await beginJob(bench.sql, job.id, 99); // has no effect
    const { commanded, waitMs } = await stepDeliveries(bench.sql, job);
    expect(commanded).toMatchObject([
      { id: ids[0], state: 'queued', changed: true, destination: 'orders' },
      { id: ids[1], state: 'queued', changed: true },
    ]);
    expect(waitMs).toBeGreaterThan(100);
    expect(waitMs).toBeLessThanOrEqual(200);
    expect(await row(job)).toMatchObject({ state: 'running', matched: 5, done: 2, changed: 2, cursor: ids[1] });
    await letTimePass(bench, job);
    expect(await finish(job)).toEqual([[ids[2], ids[3]], [ids[4]]]);
    expect(await counts(job)).toEqual({ state: 'done', done: 5, changed: 5, failed: 0 });
    expect(await statesOf(ids)).toEqual(ids.map(() => 'queued'));
    expect(await eventsOf(job)).toEqual([
      ['carillon.job.started', 0],
      ['carillon.job.done', 5],
    ]);
  });

  it('a bulk retry takes no step before its rate allows it', async () => {
    const ids = await parkMany(3);
    const job = await make({ rate: 1 });
    await stepDeliveries(bench.sql, job);
    const early = await stepDeliveries(bench.sql, job);
    expect(early).toMatchObject({ state: 'running', commanded: [] });
    expect(early.waitMs).toBeGreaterThan(500);
    expect(await statesOf(ids)).toEqual(['queued', 'parked', 'parked']);
    expect(await counts(job)).toMatchObject({ done: 1 });
  });

  it('a bulk retry by several workers at once retries and counts each delivery once', async () => {
    const ids = await parkMany(30);
    const job = await make({ rate: 10 });
    const woken: string[] = [];
    const work = async (): Promise<void> => {
      for (let state = 'running'; state === 'running';) {
        const step = await stepDeliveries(bench.sql, job);
        woken.push(...step.commanded.map(({ id }) => id));
        state = step.state;
        await letTimePass(bench, job);
      }
    };
    await Promise.all([work(), work(), work(), work()]);
    expect([...woken].sort()).toEqual(ids);
    expect(await counts(job)).toEqual({ state: 'done', done: 30, changed: 30, failed: 0 });
    expect((await eventsOf(job)).length).toBe(1);
  });

  it.each([
    ['a destination', { destination: 'audit' }],
    ['a conversation', { conversation: 'wanted' }],
    ['a state', { state: ['uncertain'] }],
    ['a reason', { reason: 'wanted' }],
    ['a time range', { since: '2026-01-02T00:00:00Z', until: '2026-01-03T00:00:00Z' }],
  ])('a bulk retry that is filtered by %s retries only the matching deliveries', async (_what, filter) => {
    const one = await park({ to: ['audit'], conversation: 'wanted' });
    const other = await park();
    await bench.sql`update deliveries set reason = '{"code": "wanted"}', created_at = '2026-01-02T12:00:00Z' where id = ${one}`;
    if ('state' in filter) {
      await bench.sql`update deliveries set state = 'queued' where id = ${one}`;
      await bench.sql`update deliveries set state = 'uncertain' where id = ${one}`;
    }
    const job = await make({ filter });
    expect(await countDeliveries(bench.sql, job, 100)).toBe(1);
    expect(await finish(job)).toEqual([[one]]);
    expect(await statesOf([one, other])).toEqual(['queued', 'parked']);
  });

  it("a bulk retry leaves out another tenant's deliveries, final ones, and later ones", async () => {
    const theirs = await park();
    await bench.sql`insert into tenants (id) values ('acme') on conflict do nothing`;
    await bench.sql`update deliveries set tenant = 'acme' where id = ${theirs}`;
    const [done = ''] = (await bench.post()).deliveries;
    await bench.deliver(done, (await bench.claim(done))?.token ?? '');
    const job = await make({});
    const later = await park();
    await finish(job);
    expect(await statesOf([theirs, done, later])).toEqual(['parked', 'delivered', 'parked']);
    expect(await counts(job)).toEqual({ state: 'done', done: 0, changed: 0, failed: 0 });
    await bench.sql`update deliveries set tenant = 'default' where id = ${theirs}`;
  });

  it('a bulk retry goes on past more deliveries than one step looks at', async () => {
    const [first = ''] = await parkMany(1, { to: ['audit'] });
    await bench.sql`
      insert into deliveries (id, tenant, message, destination, state, via, policy, timeout_ms, max_attempts)
      select 'dlv_0' || lpad(n::text, 25, '0'), 'default', message, 'orders', 'parked', via, policy, timeout_ms, 1
      from deliveries, generate_series(1, 1200) n where id = ${first}`;
    const job = await make({ filter: { destination: 'audit' } });
    expect(await finish(job)).toEqual([[], [], [first]]);
    await bench.sql`delete from deliveries where id like 'dlv_00000%'`;
  });

  it('a bulk retry that is cancelled keeps its changes and makes no more', async () => {
    const ids = await parkMany(4);
    const job = await make({ rate: 10 });
    await stepDeliveries(bench.sql, job);
    expect(await endJob(bench.sql, 'acme', job.id, 'cancelled')).toBe(false);
    expect(await endJob(bench.sql, 'default', job.id, 'cancelled')).toBe(true);
    expect(await endJob(bench.sql, 'default', job.id, 'cancelled')).toBe(false);
    await letTimePass(bench, job);
    expect(await stepDeliveries(bench.sql, job)).toMatchObject({ state: 'cancelled', commanded: [] });
    expect(await statesOf(ids)).toEqual(['queued', 'queued', 'parked', 'parked']);
    expect(await counts(job)).toMatchObject({ state: 'cancelled', done: 2 });
    expect(await eventsOf(job)).toEqual([['carillon.job.cancelled', 2]]);
  });
});

it('a bulk cancel cancels deliveries, and records the cancel for those that are being sent', async () => {
  const parked = await park({ conversation: 'bulk' });
  const [sending = '', queued = ''] = (await bench.post({ to: ['orders', 'audit'], conversation: 'bulk' })).deliveries;
  await bench.claim(sending);
  const job = await make({ kind: 'cancel', filter: { conversation: 'bulk' } });
  await finish(job);
  expect(await statesOf([parked, sending, queued])).toEqual(['cancelled', 'sending', 'cancelled']);
  expect(await bench.delivery(sending)).toMatchObject({ cancel_requested_at: expect.any(Date) });
  expect(await counts(job)).toEqual({ state: 'done', done: 3, changed: 3, failed: 0 });
});

describe('a stored job', () => {
  it('a job is found by its idempotency key, and another request with that key is a conflict', async () => {
    const job = await make({ key: 'k', filter: { destination: 'orders', state: ['parked'] } });
    const again = { ...job, id: newJobId(), key: 'k' };
    const same = await createJob(bench.sql, { ...again, filter: { state: ['parked'], destination: 'orders' } });
    expect(same).toMatchObject({ outcome: 'duplicate', job: { id: job.id } });
    for (const other of [{ filter: {} }, { kind: 'cancel' as const }, { destinations: ['orders'] }])
      expect(await createJob(bench.sql, { ...again, ...other })).toMatchObject({ outcome: 'conflict' });
    expect(await createJob(bench.sql, { ...again, key: null })).toMatchObject({ outcome: 'created' });
  });

  it('a job whose run may be missing is given to one worker to start it, until the job ends', async () => {
    const job = await make({ rate: 1 });
    const take = async () => (await takeSilentJobs(bench.sql, 10)).map(({ id }) => id);
    expect(await take()).toEqual([]); // the caller starts the run first
    const silence = () => bench.sql`update jobs set look_at = clock_timestamp() - interval '1 s'`;
    await silence();
    expect((await Promise.all([take(), take()])).flat()).toEqual([job.id]);
    await silence();
    expect(await take()).toEqual([job.id]);
    await silence();
    await parkMany(2);
    await stepDeliveries(bench.sql, job);
    expect(await take()).toEqual([]); // a step was taken just now
    await endJob(bench.sql, 'default', job.id, 'cancelled');
    await silence();
    expect(await take()).toEqual([]);
  });
});
