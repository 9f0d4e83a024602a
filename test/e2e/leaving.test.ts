import { cancelSignal, retrySignal, troubleSignal } from '../../src/contract.ts';
import { eventually } from '../support/eventually.ts';
import { failedTasks, readChain } from '../support/history.ts';
import { recordHistories, type RecordedRun } from '../support/record-histories.ts';
import { startStack, type Stack } from '../support/stack.ts';

/**
 * A run with a long history continues as a new run once its last send has ended. Commands that come until then must be
 * obeyed.
 */
let stack: Stack;
beforeAll(async () => void (stack = await startStack()), 120_000);
afterAll(async () => {
  await recordHistories(stack.temporal, kinds);
  await stack.close();
});

/** One run of each kind for the replay test; see `record-histories.ts`. */
const kinds = new Map<string, RecordedRun>();

const inState = (id: string, state: string, destination: string) =>
  eventually(`${id} is ${state}`, async () => {
    const { workflowId, deliveries } = await stack.message(id);
    return deliveries.find((one) => one.destination === destination)?.state === state ? workflowId : undefined;
  });

/**
 * Returns a run with a parked delivery that is about to continue as a new run, and waits for a send that lasts until
 * the faults are cleared.
 */
async function leavingRun(name: string) {
  const [parked, slow] = [`parked-${name}`, `slow-${name}`];
  await stack.webhook(parked);
  await stack.webhook(slow, { timeout: '60s' });
  await stack.fault('webhook', [
    { path: `/webhook/${parked}`, status: 400, times: 1 },
    { path: `/webhook/${slow}`, mode: 'delay', delayMs: 59_000, times: 1 },
  ]);
  const { id } = await stack.post({ text: 'much', destinations: [parked, slow] });
  const workflowId = await inState(id, 'parked', parked);
  const handle = stack.temporal.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  const hasNoTask = async () => {
    const { raw } = await handle.describe();
    return raw.pendingWorkflowTask == null && raw.pendingActivities?.length === 1;
  };
  await eventually('the first round is over', hasNoTask);
  // Signals about an unknown delivery add an event each and do nothing else. With more than 100 during one task the
  // server would fail that task.
  for (let sent = 0; sent < 1_000; sent += 50) {
    await Promise.all(Array.from({ length: 50 }, () => handle.signal(troubleSignal, { delivery: 'dlv_nobody' })));
    await eventually('they were taken', hasNoTask);
  }
  await eventually('it is about to go on', async () => {
    const [{ events } = { events: [] }] = await readChain(stack.temporal, workflowId, runId);
    return events.some(({ markerRecordedEventAttributes: marker }) => marker?.markerName === 'core_patch');
  });
  await inState(id, 'sending', slow); // so the run has not left yet
  return { id, parked, slow, handle, workflowId, runId };
}

type Leaving = Awaited<ReturnType<typeof leavingRun>>;

it.each([
  [
    'retry',
    'wished', // The stored histories of this kind have this name.
    'delivered',
    ({ handle, parked }: Leaving) => handle.signal(retrySignal, { destination: parked }),
  ],
  [
    'cancel',
    'cancelled',
    'cancelled',
    ({ handle, parked }: Leaving) => handle.signal(cancelSignal, { destination: parked }),
  ],
  ['cancel in Temporal', 'cancelled-in-temporal', 'cancelled', ({ handle }: Leaving) => handle.cancel()],
] as const)(
  'a %s that comes while a run waits for its last send before it continues as a new run is obeyed',
  async (_kind, name, state, command) => {
    const run = await leavingRun(name);
    await command(run);
    await stack.clearFaults('webhook');
    await inState(run.id, state, run.parked);
    await inState(run.id, 'delivered', run.slow);
    await eventually('no run of it is open', async () => (await run.handle.describe()).status.name !== 'RUNNING');
    const chain = await readChain(stack.temporal, run.workflowId, run.runId);
    expect(chain).toHaveLength(2);
    expect(chain.flatMap(({ events }) => failedTasks(events))).toEqual([]);
    const counts = await stack.webhookCounts();
    const held = (await stack.message(run.id)).deliveries.map((one) => counts.get(one.id) ?? 0);
    expect(held).toEqual([state === 'delivered' ? 1 : 0, 1]);
    chain.forEach(({ runId }, n) => kinds.set(`${name}-while-leaving-${n + 1}`, { workflowId: run.workflowId, runId }));
  },
  90_000,
);
