import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { retrySignal } from '../../src/contract.ts';
import { eventually } from '../support/eventually.ts';
import { failedTasks, readEvents, workersOf } from '../support/history.ts';
import { startStack, type Stack, type WorkerProcess } from '../support/stack.ts';

/** A worker with the workflows of 0.1.0, then one of this build, and back: real processes on one Temporal. */
let stack: Stack;
let oldBundle: string;
const workers: WorkerProcess[] = [];
beforeAll(async () => {
  stack = await startStack({ worker: false });
  oldBundle = `${stack.home}/workflows-0.1.0.js`;
  writeFileSync(oldBundle, gunzipSync(readFileSync('test/rollout/workflows-0.1.0.js.gz')));
}, 120_000);
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await stack.close();
}, 60_000);

/** 0.1.0 had no first round and started its runs without one. */
const withoutExpress = { CARILLON_EXPRESS: '0' };
const entry = resolve('test/rollout/worker.mjs');
const start = (program?: readonly string[], env?: Record<string, string>): WorkerProcess => {
  const worker = stack.startWorker(program, env);
  workers.push(worker);
  return worker;
};
const startOld = (): WorkerProcess => start([entry, oldBundle], withoutExpress);

const retry = { initialInterval: '1s', multiplier: 1, maxInterval: '1s', maxAttempts: 100, deadline: '10m' };

/** Posts messages so that there is a run in every state, and waits until all runs are in their state. */
async function putInFlight(round: string): Promise<{ all: string[]; parked: string[]; slow: string }> {
  const name = (what: string): string => `${round}-${what}`;
  await stack.webhook(name('well'));
  await stack.webhook(name('slow'), { timeout: '20s' });
  await stack.webhook(name('paused'));
  for (const what of ['failing', 'refusing', 'ordered']) await stack.webhook(name(what), { retry });
  await stack.must('POST', `/v1/destinations/${name('paused')}/pause`, { reason: 'test' });
  await stack.fault('webhook', [
    { path: `/webhook/${name('failing')}`, status: 429, times: 0 },
    { path: `/webhook/${name('ordered')}`, status: 429, times: 0 },
    { path: `/webhook/${name('refusing')}`, status: 400, times: 0 },
    { path: `/webhook/${name('slow')}`, mode: 'delay', delayMs: 3_000, times: 1 },
  ]);
  const post = async (what: string, conversation?: string): Promise<string> => {
    const destinations = what === 'well' ? [name('well')] : [name(what), name('well')];
    return (await stack.post({ text: what, destinations, ...(conversation === undefined ? {} : { conversation }) })).id;
  };
  const posted = async (what: string, count: number, conversation?: string): Promise<string[]> => {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) ids.push(await post(what, conversation));
    return ids;
  };
  const groups = {
    delivered: await posted('well', 3),
    retrying: await posted('failing', 3),
    parked: await posted('refusing', 4),
    waiting: [...(await posted('paused', 2)), ...(await posted('ordered', 3, round)).slice(1)],
  };
  for (const [state, ids] of Object.entries(groups))
    for (const id of ids)
      await eventually(`${id} is ${state}`, async () =>
        (await stack.message(id)).deliveries.some((one) => one.state === state),
      );
  const slow = await post('slow');
  await eventually('the slow one is being sent', async () =>
    (await stack.message(slow)).deliveries.some(({ state }) => state === 'sending'),
  );
  const { data } = await stack.must('GET', '/v1/deliveries?state=retrying&limit=200');
  const first = data.filter((one: { destination: string }) => one.destination === name('ordered'));
  return {
    all: [...Object.values(groups).flat(), slow, ...first.map((one: any) => one.message)],
    parked: groups.parked,
    slow,
  };
}

async function heal(round: string): Promise<void> {
  await stack.clearFaults('webhook');
  await stack.must('POST', `/v1/destinations/${round}-paused/resume`);
}

interface Found {
  readonly workflowId: string;
  readonly runId: string;
}

/** Returns the present run of each message. */
async function runsOf(messages: readonly string[]): Promise<Map<string, Found>> {
  const runs = new Map<string, Found>();
  for (const id of messages) {
    const { workflowId } = await stack.message(id);
    runs.set(id, { workflowId, runId: (await stack.temporal.workflow.getHandle(workflowId).describe()).runId });
  }
  return runs;
}

/** Expects that everything arrived once, in the runs of before, and that no run failed. */
async function expectDelivered(runs: ReadonlyMap<string, Found>): Promise<void> {
  for (const [id, { workflowId, runId }] of runs) {
    await eventually(`${id} is delivered`, async () => (await stack.message(id)).state === 'delivered', 60_000);
    const handle = stack.temporal.workflow.getHandle(workflowId);
    const { status } = await eventually('its run is over', async () => {
      const described = await handle.describe();
      return described.status.name !== 'RUNNING' && described;
    });
    expect([id, status.name, (await handle.describe()).runId]).toEqual([id, 'COMPLETED', runId]);
  }
  const counts = await stack.webhookCounts();
  for (const id of runs.keys())
    for (const one of (await stack.message(id)).deliveries) expect([one.id, counts.get(one.id)]).toEqual([one.id, 1]);
}

const tasksFailedIn = async (runs: ReadonlyMap<string, Found>): Promise<string[]> => {
  const all: string[] = [];
  for (const { workflowId } of runs.values()) all.push(...failedTasks(await readEvents(stack.temporal, workflowId)));
  return all;
};

/** Retries half of the parked messages by a signal to the run and the other half by the API. */
async function retryParked(parked: readonly string[], runs: ReadonlyMap<string, Found>): Promise<void> {
  for (const [n, id] of parked.entries())
    if (n % 2 === 0) await stack.temporal.workflow.getHandle(runs.get(id)?.workflowId ?? '').signal(retrySignal);
    else await stack.must('POST', `/v1/messages/${id}/retry`);
}

it('a rollout from 0.1.0 to this version continues sending, waiting and parked work in the same runs', async () => {
  const old = startOld();
  const { all, parked, slow } = await putInFlight('up');
  const runs = await runsOf(all);
  const stopped = old.stop();
  expect(await stopped).toBe(0);
  // The delivery that was being sent was finished and not interrupted.
  expect((await stack.message(slow)).state).toBe('delivered');
  const between = (await stack.post({ text: 'between', destinations: ['up-well'] })).id;

  const next = start();
  await stack.rest(between);
  await heal('up');
  await retryParked(parked, runs);
  await expectDelivered(runs);
  expect(await tasksFailedIn(runs)).toEqual([]);
  for (const id of parked)
    expect(workersOf(await readEvents(stack.temporal, runs.get(id)?.workflowId ?? ''))).toEqual([
      old.identity,
      next.identity,
    ]);
  expect(await next.stop()).toBe(0);
}, 180_000);

it('both versions can run together, and then 0.1.0 alone, as long as no run begins with a first round', async () => {
  const [next, old] = [start(undefined, withoutExpress), startOld()];
  const { all, parked } = await putInFlight('both');
  const runs = await runsOf(all);
  expect(await next.stop()).toBe(0);
  await heal('both');
  await retryParked(parked, runs);
  await expectDelivered(runs);
  expect(await tasksFailedIn(runs)).toEqual([]);
  expect(await old.stop()).toBe(0);
}, 180_000);

it('a run with a first round stops under 0.1.0, and goes on when this version is back', async () => {
  const next = start();
  const { all, parked } = await putInFlight('back');
  const runs = await runsOf(all);
  expect(await next.stop()).toBe(0);
  const old = startOld();
  const meanwhile = (await stack.post({ text: 'meanwhile', destinations: ['back-well'] })).id;
  expect((await stack.rest(meanwhile)).state).toBe('delivered');
  await heal('back');
  await retryParked(parked, runs);
  await eventually('its tasks fail', async () => (await tasksFailedIn(runs)).length > 0);
  expect(await old.stop()).toBe(0);
  const again = start();
  await expectDelivered(runs);
  expect(await again.stop()).toBe(0);
}, 180_000);

it('a run with a first round whose first task 0.1.0 took stops until it is terminated', async () => {
  // This happens when a worker of this version starts the run and a worker of 0.1.0 takes its first task.
  const old = start([entry, oldBundle], { CARILLON_EXPRESS: '1' });
  await stack.webhook('mixed');
  await stack.fault('webhook', { path: '/webhook/mixed', status: 400, times: 1 });
  const { id } = await stack.post({ text: 'mixed', destinations: ['mixed'] });
  const { workflowId } = await stack.rest(id);
  expect(await old.stop()).toBe(0);
  start();
  await stack.must('POST', `/v1/messages/${id}/retry`);
  await eventually('its tasks fail', async () => failedTasks(await readEvents(stack.temporal, workflowId)).length > 0);
  expect((await stack.message(id)).state).toBe('delivering');
  await stack.temporal.workflow.getHandle(workflowId).terminate('its history fits no version');
  // The sweep has just looked, and would look again after a minute.
  await stack.sql`update deliveries set due_at = clock_timestamp() where message = ${id}`;
  await eventually('it is delivered', async () => (await stack.message(id)).state === 'delivered', 60_000);
}, 120_000);
