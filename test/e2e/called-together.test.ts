import { resolve } from 'node:path';
import { Worker } from '@temporalio/worker';
import { turnSignal } from '../../src/contract.ts';
import { recordHistories } from '../support/record-histories.ts';
import { eventually } from '../support/eventually.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => void (stack = await startStack({ worker: false })), 120_000);
afterAll(() => stack.close());

/** The soak found this (seed 6): each task of such a run failed from then on, and its lane no longer moved. */
it('a run whose deliveries are called at the same moment can still be replayed', async () => {
  const worker = stack.startWorker();
  const retry = { initialInterval: '200ms', multiplier: 1, maxAttempts: 1_000 };
  for (const id of ['refused', 'dawdling']) await stack.webhook(id, { retry });
  // A message has a run only once it was tried.
  await stack.fault('webhook', { status: 503, times: 0 });
  const posted = await stack.post({ text: 'to both', destinations: ['refused', 'dawdling'] });
  const states = async () => (await stack.message(posted.id)).deliveries.map(({ state }) => state);
  await eventually('both are tried again', async () => (await states()).every((state) => state === 'retrying'));
  for (const id of ['refused', 'dawdling']) await stack.must('POST', `/v1/destinations/${id}/pause`);
  await eventually('both wait', async () => (await states()).every((state) => state === 'waiting'));
  await worker.stop();

  // The two deliveries must end in different commands: one parks, and the other goes on in an activity.
  await stack.clearFaults('webhook');
  await stack.fault('webhook', [
    { path: '/webhook/refused', status: 400 },
    { path: '/webhook/dawdling', mode: 'delay', delayMs: 3_000 },
  ]);
  for (const id of ['refused', 'dawdling']) await stack.must('POST', `/v1/destinations/${id}/resume`);
  const { workflowId } = await stack.message(posted.id);
  const run = stack.temporal.workflow.getHandle(workflowId);
  for (const { id } of [...posted.deliveries].reverse()) await run.signal(turnSignal, { delivery: id });
  const again = stack.startWorker();
  await eventually('both have ended', async () => (await states()).sort().join() === 'delivered,parked');
  await stack.must('POST', `/v1/messages/${posted.id}/cancel`);
  await eventually('its run is over', async () => (await run.describe()).status.name === 'COMPLETED');
  await recordHistories(stack.temporal, new Map([['called-together', workflowId]]));
  await again.stop();

  const history = await run.fetchHistory();
  const markers = history.events?.filter((event) => event.markerRecordedEventAttributes != null) ?? [];
  expect(markers.length).toBeGreaterThanOrEqual(3); // the first round and both called rounds
  const workflowBundle = { codePath: resolve('dist/workflow-bundle.js') };
  await expect(Worker.runReplayHistory({ workflowBundle }, history, workflowId)).resolves.toBeUndefined();
});
