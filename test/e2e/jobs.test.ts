import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newJobId } from '../../src/store/db/new-id.ts';
import { runJobType, runJobWorkflowId } from '../../src/contract.ts';
import { eventually } from '../support/eventually.ts';
import { recordHistories } from '../support/record-histories.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => void (stack = await startStack()), 120_000);
afterAll(async () => {
  await recordHistories(stack.temporal, kinds);
  await stack.close();
});

/** Runs for the replay test; see `record-histories.ts`. */
const kinds = new Map<string, string>();

const job = (id: string) => stack.must('GET', `/v1/jobs/${id}`);
const ended = (id: string, limitMs = 30_000) =>
  eventually(
    `job ${id} has ended`,
    async () => {
      const shown = await job(id);
      return shown.state === 'running' ? undefined : shown;
    },
    limitMs,
  );
const handleOf = (id: string) => stack.temporal.workflow.getHandle(runJobWorkflowId(id));

/**
 * Posts messages whose only delivery is parked, because the sink refuses everything, and then clears the sink's faults.
 */
async function parkMany(name: string, count: number): Promise<string[]> {
  await stack.webhook(name, { order: 'none' });
  await stack.fault('webhook', { path: `/webhook/${name}`, status: 400, times: 0 });
  const posted = await Promise.all(
    Array.from({ length: count }, (_, n) => stack.post({ text: `park ${n}`, destinations: [name] })),
  );
  await eventually('all are parked', async () => (await countOf(name, 'parked')) === count, 60_000);
  await stack.clearFaults('webhook');
  return posted.map(({ deliveries }) => deliveries[0]?.id ?? '');
}
async function countOf(destination: string, state: string): Promise<number> {
  return (await stack.must('GET', `/v1/deliveries?destination=${destination}&state=${state}&limit=200`)).data.length;
}
const arrivals = async (name: string): Promise<number[]> =>
  (await stack.requests('webhook'))
    .filter(({ path, accepted }) => path.endsWith(`/${name}`) && accepted)
    .map(({ at }) => Date.parse(at));

/** Returns the most of these times within any one second. */
function busiestSecond(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));
}

it('a bulk retry delivers everything that is parked, no faster than its rate, and shows its progress', async () => {
  const ids = await parkMany('slowly', 60);
  const { id } = await stack.must('POST', '/v1/deliveries/retry', {
    filter: { destination: 'slowly', state: ['parked'], reason: 'http_400' },
    rate: 20,
    reason: 'the sink is mended',
  });
  const midway = await eventually('it is under way', async () => {
    const shown = await job(id);
    return shown.counts.done > 0 ? shown : undefined;
  });
  expect(midway).toMatchObject({ state: 'running', counts: { matched: 60, failed: 0 } });
  expect(midway.counts.done).toBeLessThan(60);
  expect(await ended(id)).toMatchObject({ state: 'done', counts: { matched: 60, done: 60, changed: 60, failed: 0 } });
  await eventually('all are delivered', async () => (await countOf('slowly', 'delivered')) === 60);
  const counts = await stack.webhookCounts();
  expect(ids.filter((one) => counts.get(one) !== 1)).toEqual([]);
  const times = await arrivals('slowly');
  // 60 deliveries at 20 per second take at least 2.8 s, when the first four go at once. Single ones may be late and
  // come together.
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(2_500);
  expect(busiestSecond(times)).toBeLessThanOrEqual(32);
  expect(await handleOf(id).result()).toEqual({ state: 'done', done: 60, changed: 60, failed: 0 });
  kinds.set('run-job', runJobWorkflowId(id));
  const { data } = await stack.must('GET', '/v1/events?type=carillon.job.*');
  expect(data).toMatchObject([
    { type: 'carillon.job.started', data: { job: id, matched: 60 } },
    { type: 'carillon.job.done', data: { job: id, done: 60 } },
  ]);
}, 120_000);

it('a worker killed in the middle of a job leaves nothing out and does nothing twice', async () => {
  const ids = await parkMany('killed', 60);
  const { id } = await stack.must('POST', '/v1/deliveries/retry', { filter: { destination: 'killed' }, rate: 10 });
  const before = await eventually('it is in the middle', async () => {
    const { counts } = await job(id);
    return counts.done >= 10 ? counts : undefined;
  });
  killWorker();
  expect(before.done).toBeLessThan(50);
  expect(await ended(id, 90_000)).toMatchObject({ state: 'done', counts: { done: 60, changed: 60 } });
  await eventually('all are delivered', async () => (await countOf('killed', 'delivered')) === 60, 60_000);
  const sent = await stack.sql`
    select count(*)::integer as count from attempts where delivery = any(${ids}) and trigger = 'manual'`;
  const counts = await stack.webhookCounts();
  // A delivery that was being sent at the kill may be sent again under its id. No other one has more than one attempt.
  expect(ids.filter((one) => (counts.get(one) ?? 0) < 1)).toEqual([]);
  expect(sent[0]?.['count']).toBeGreaterThanOrEqual(60);
  expect(sent[0]?.['count']).toBeLessThanOrEqual(63);
}, 180_000);

it('a bulk cancel stops deliveries that wait', async () => {
  await stack.webhook('never', { order: 'none' });
  const sendAt = new Date(Date.now() + 3_600_000).toISOString();
  const posted = [];
  for (let n = 0; n < 5; n += 1) posted.push(await stack.post({ text: 'later', destinations: ['never'], sendAt }));
  const { id } = await stack.must('POST', '/v1/deliveries/cancel', { filter: { destination: 'never' } });
  expect(await ended(id)).toMatchObject({ state: 'done', counts: { matched: 5, done: 5, changed: 5 } });
  for (const { id: message } of posted) expect((await stack.message(message)).state).toBe('cancelled');
});

it('a replay of unrouted messages sends each once, to the given destinations', async () => {
  const texts = ['one', 'two', 'three'];
  for (const text of texts) await stack.post({ text, conversation: 'lost', labels: { n: text } });
  await stack.webhook('found');
  const ask = { filter: { state: ['unrouted'], conversation: 'lost' }, destinations: ['found'] };
  const { id } = await stack.must('POST', '/v1/messages/replay', ask);
  expect(await ended(id)).toMatchObject({ counts: { matched: 3, done: 3, changed: 3, failed: 0 }, failures: {} });
  await eventually('all are delivered', async () => (await countOf('found', 'delivered')) === 3);
  const second = await stack.must('POST', '/v1/messages/replay', ask);
  expect(await ended(second.id)).toMatchObject({ counts: { matched: 0, done: 0 } });
  expect((await arrivals('found')).length).toBe(3);
});

describe('a job', () => {
  it('a cancelled job stops where it is', async () => {
    await parkMany('stopped', 12);
    const { id } = await stack.must('POST', '/v1/deliveries/retry', { filter: { destination: 'stopped' }, rate: 2 });
    await eventually('it has begun', async () => (await job(id)).counts.done > 0);
    const cancelled = await stack.must('POST', `/v1/jobs/${id}/cancel`);
    expect(cancelled).toMatchObject({ state: 'cancelled', endedAt: expect.any(String) });
    expect(await handleOf(id).result()).toMatchObject({ state: 'cancelled', done: cancelled.counts.done });
    expect(await countOf('stopped', 'parked')).toBe(12 - cancelled.counts.done);
    expect((await stack.call('POST', `/v1/jobs/${id}/cancel`)).body).toMatchObject({ code: 'not_cancellable' });
  });

  it('a job whose run is cancelled in Temporal is cancelled too', async () => {
    const { id } = await stack.must('POST', '/v1/deliveries/retry', { filter: { destination: 'stopped' }, rate: 1 });
    await eventually('it has begun', async () => (await job(id)).counts.done > 0);
    await handleOf(id).cancel();
    expect(await ended(id)).toMatchObject({ state: 'cancelled' });
    await eventually('the run says so', async () => (await handleOf(id).describe()).status.name === 'CANCELLED');
    kinds.set('run-job-cancelled', runJobWorkflowId(id));
  });

  it('a job whose run was terminated goes on with a new run', async () => {
    const { id } = await stack.must('POST', '/v1/deliveries/retry', { filter: { destination: 'stopped' }, rate: 1 });
    await eventually('it has begun', async () => (await job(id)).counts.done > 0);
    await handleOf(id).terminate('test');
    // Makes the job due now instead of after a long silence. A step that is still running postpones it once more.
    await eventually('there is a new run', async () => {
      await stack.sql`update jobs set look_at = clock_timestamp() where id = ${id}`;
      return (await handleOf(id).describe()).status.name === 'RUNNING';
    });
    expect(await ended(id)).toMatchObject({ state: 'done' });
    expect(await countOf('stopped', 'parked')).toBe(0);
  });

  it('a job that was never started is started by a worker, and fails if it cannot be done', async () => {
    const id = newJobId();
    await stack.sql`
      insert into jobs (id, tenant, kind, filter, rate, requested_by, look_at)
      values (${id}, 'default', 'retry', '{"since": "no time at all"}', 10, 'test', clock_timestamp())`;
    expect(await ended(id)).toMatchObject({ state: 'failed', error: { code: 'internal' } });
    expect(await handleOf(id).result()).toMatchObject({ state: 'failed' });
    const found = await stack.temporal.workflow.count(`WorkflowType = "${runJobType}" AND CarillonTenant = "default"`);
    expect(found.count).toBeGreaterThan(1);
  });
});

/** Sends SIGKILL to the worker. The supervisor starts another one. */
function killWorker(): void {
  const { children } = JSON.parse(readFileSync(join(stack.home, 'run.json'), 'utf8')) as {
    children: { role: string; pid: number }[];
  };
  const worker = children.find(({ role }) => role === 'worker');
  if (worker === undefined) throw new Error('no worker is running');
  process.kill(worker.pid, 'SIGKILL');
}
