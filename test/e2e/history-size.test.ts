import { readFileSync } from 'node:fs';
import { retrySignal } from '../../src/contract.ts';
import { eventually } from '../support/eventually.ts';
import { failedTasks, readChain, readEvents } from '../support/history.ts';
import { expectWithin, historyBounds } from '../support/history-bounds.ts';
import { recordHistories, type RecordedRun } from '../support/record-histories.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => void (stack = await startStack()), 120_000);
afterAll(async () => {
  await recordHistories(stack.temporal, kinds);
  await stack.close();
});

/** One run of each kind for the replay test; see `record-histories.ts`. */
const kinds = new Map<string, RecordedRun>();

const quick = { initialInterval: '100ms', multiplier: 1, maxInterval: '200ms', maxAttempts: 30, deadline: '5m' };

/** Returns the number of events of a run once it is over. */
async function eventsOf(workflowId: string): Promise<number> {
  const events = await eventually('the run is over', async () => {
    const { status } = await stack.temporal.workflow.getHandle(workflowId).describe();
    return status.name !== 'RUNNING' && readEvents(stack.temporal, workflowId);
  });
  expect(failedTasks(events)).toEqual([]);
  return events.length;
}

/** Number of activities that the server scheduled. A local activity is not one of them. */
const activitiesOf = async (workflowId: string): Promise<number> =>
  (await readEvents(stack.temporal, workflowId)).filter((event) => event.activityTaskScheduledEventAttributes != null)
    .length;

const historyLength = async (workflowId: string): Promise<number> =>
  (await stack.temporal.workflow.getHandle(workflowId).describe()).historyLength;

/** Returns the number of events once the run has no pending task, so that none is added until something happens. */
async function settledLength(workflowId: string): Promise<number> {
  return eventually('nothing is under way in the run', async () => {
    const { raw, historyLength: length } = await stack.temporal.workflow.getHandle(workflowId).describe();
    return raw.pendingWorkflowTask == null && (raw.pendingActivities ?? []).length === 0 && length;
  });
}

const inState = (id: string, state: string, destination?: string) =>
  eventually(`${id} is ${state}`, async () => {
    const message = await stack.message(id);
    const found = message.deliveries.find((one) => destination === undefined || one.destination === destination);
    return found?.state === state ? message : undefined;
  });

const delivered = async (id: string): Promise<string> => {
  const { state, workflowId } = await stack.rest(id);
  expect(state).toBe('delivered');
  return workflowId;
};

/** Makes the sweep look at a delivery twice, as it does once a minute while the delivery waits. */
async function sweepTwice(delivery: string): Promise<void> {
  for (let n = 0; n < 2; n += 1) {
    await stack.sql`update deliveries set due_at = clock_timestamp() where id = ${delivery}`;
    await eventually('the sweep has seen it', async () => {
      const [row] = await stack.sql<{ isSeen: boolean }[]>`
        select due_at > clock_timestamp() as "isSeen" from deliveries where id = ${delivery}`;
      return row?.isSeen;
    });
  }
}

describe('short histories of runs', () => {
  it.each([1, 3, 10])('the history is as short with %i destinations as with one', async (fanOut) => {
    const destinations = Array.from({ length: fanOut }, (_, n) => `well-${n}`);
    for (const id of destinations) await stack.webhook(id);
    const { id } = await stack.post({ text: 'well', destinations });
    const workflowId = await delivered(id);
    expectWithin('delivered in the first round, to 1, 3 or 10 destinations', await eventsOf(workflowId));
    if (fanOut === 3) kinds.set('first-round-of-three', workflowId);
  });

  it('the histories of an edit and a delete are short', async () => {
    await stack.slack('changing', 'C0CHANGING');
    const { id } = await stack.post({ text: 'first', destinations: ['changing'] });
    await delivered(id);
    const edit = await stack.must('PATCH', `/v1/messages/${id}`, { text: 'second' });
    kinds.set('edit', await delivered(edit.id));
    expectWithin('an edit or a delete', await eventsOf(await delivered(edit.id)));
    const removal = await stack.must('DELETE', `/v1/messages/${id}`);
    kinds.set('delete', await delivered(removal.id));
    expectWithin('an edit or a delete', await eventsOf(await delivered(removal.id)));
  });

  it.each([
    [1, 'one retry'],
    [20, 'twenty retries'],
  ] as const)('after %i failures the history of a run is short: retries add no events', async (times, kind) => {
    await stack.webhook(`failing-${times}`, { retry: quick });
    await stack.fault('webhook', { path: `/webhook/failing-${times}`, status: 429, times });
    const { id } = await stack.post({ text: 'again', destinations: [`failing-${times}`] });
    const { state, workflowId, deliveries } = await stack.rest(id, 40_000);
    expect([state, deliveries[0]?.attempts]).toEqual(['delivered', times + 1]);
    expectWithin(kind, await eventsOf(workflowId));
    kinds.set(times === 1 ? 'one-retry' : 'twenty-retries', workflowId);
  });
});

describe('histories of runs that wait', () => {
  it('waiting behind another message of the conversation adds nothing to the history', async () => {
    await stack.webhook('turn', { retry: { ...quick, initialInterval: '1h', maxInterval: '1h', deadline: '2h' } });
    await stack.webhook('beside');
    await stack.fault('webhook', { path: '/webhook/turn', status: 429, times: 1 });
    const body = { text: 'turn', destinations: ['turn', 'beside'], conversation: 'turns' };
    const first = await stack.post(body);
    await inState(first.id, 'retrying', 'turn');
    const second = await stack.post(body);
    const { workflowId, deliveries } = await inState(second.id, 'waiting', 'turn');
    const behind = deliveries.find(({ destination }) => destination === 'turn')?.id ?? '';
    const before = await settledLength(workflowId);
    await sweepTwice(behind);
    expectWithin('an hour of waiting, more', (await settledLength(workflowId)) - before);
    await stack.must('POST', `/v1/messages/${first.id}/retry`);
    await delivered(second.id);
    expectWithin('a wait for its turn', await eventsOf(workflowId));
    expect(await activitiesOf(workflowId)).toBe(0);
    kinds.set('waited-behind-another', workflowId);
  });

  it('waiting for a paused destination adds nothing to the history', async () => {
    await stack.webhook('paused');
    await stack.webhook('open');
    await stack.must('POST', '/v1/destinations/paused/pause', { reason: 'test' });
    const { id } = await stack.post({ text: 'gate', destinations: ['paused', 'open'] });
    const { workflowId, deliveries } = await inState(id, 'waiting', 'paused');
    await inState(id, 'delivered', 'open');
    const before = await settledLength(workflowId);
    await sweepTwice(deliveries.find(({ destination }) => destination === 'paused')?.id ?? '');
    expectWithin('an hour of waiting, more', (await settledLength(workflowId)) - before);
    await stack.must('POST', '/v1/destinations/paused/resume');
    await delivered(id);
    expectWithin('a wait at a gate: pause, breaker, rate', await eventsOf(workflowId));
    expect(await activitiesOf(workflowId)).toBe(0);
    kinds.set('waited-at-a-gate', workflowId);
  });

  it('waiting an hour for the next attempt adds nothing to the history', async () => {
    for (const name of ['hourly', 'hourly-too']) {
      await stack.webhook(name, { retry: { ...quick, initialInterval: '1h', maxInterval: '1h', deadline: '2h' } });
      await stack.fault('webhook', { path: `/webhook/${name}`, status: 429, times: 1 });
    }
    const { id } = await stack.post({ text: 'hour', destinations: ['hourly'] });
    const { workflowId, deliveries } = await inState(id, 'retrying');
    // The activity is pending all that time. Its first failure adds at most one event, of search attributes.
    const before = await eventually('it is in Temporal’s hands', async () => {
      const { raw, historyLength: length } = await stack.temporal.workflow.getHandle(workflowId).describe();
      return (raw.pendingActivities?.[0]?.attempt ?? 0) > 1 && raw.pendingWorkflowTask == null && length;
    });
    await sweepTwice(deliveries[0]?.id ?? '');
    expectWithin('an hour of waiting, more', (await historyLength(workflowId)) - before);
    await stack.must('POST', `/v1/messages/${id}/cancel`);
    expectWithin('cancelled while it waits', await eventsOf(workflowId));
    kinds.set('cancelled-by-api', workflowId);
  });

  it('the history of a run that is cancelled in Temporal while it waits is short', async () => {
    const { id } = await stack.post({ text: 'no', destinations: ['hourly-too'] });
    const { workflowId } = await inState(id, 'retrying');
    await stack.temporal.workflow.getHandle(workflowId).cancel();
    expect((await stack.rest(id)).state).toBe('cancelled');
    expectWithin('cancelled while it waits', await eventsOf(workflowId));
  });
});

describe('histories of parked deliveries', () => {
  it.each(['normal', 'must'])('a parked delivery of class %s goes on within the same short run', async (name) => {
    await stack.webhook(`parking-${name}`);
    await stack.fault('webhook', { path: `/webhook/parking-${name}`, status: 400, times: 1 });
    const { id } = await stack.post({
      text: 'park',
      destinations: [`parking-${name}`],
      ...(name === 'must' ? { class: name } : {}),
    });
    const { workflowId } = await inState(id, 'parked');
    expectWithin('parked', await settledLength(workflowId));
    await stack.temporal.workflow.getHandle(workflowId).signal(retrySignal);
    await inState(id, 'delivered');
    expectWithin('parked, retried by signal, delivered', await eventsOf(workflowId));
    kinds.set(name === 'must' ? 'must-parked-then-retried' : 'first-round-parked-then-retried', workflowId);
  });
});

describe('histories of runs that got many signals', () => {
  /** Parks the delivery to the first destination. */
  async function parkOne(destinations: readonly string[]) {
    const { id } = await stack.post({ text: 'much', destinations });
    const { workflowId } = await inState(id, 'parked', destinations[0]);
    const handle = stack.temporal.workflow.getHandle(workflowId);
    return { id, workflowId, handle, firstRun: (await handle.describe()).runId };
  }

  it('a run that got many signals continues as a new run, where a retry still delivers once', async () => {
    await stack.webhook('asked');
    await stack.fault('webhook', { path: '/webhook/asked', status: 400, times: 0 });
    const { id, workflowId, handle, firstRun } = await parkOne(['asked']);
    const signals = 100;
    for (let n = 1; n <= signals; n += 1) {
      await handle.signal(retrySignal);
      await eventually(`it parks again after signal ${n}`, async () => {
        const { attempts, state } = (await stack.message(id)).deliveries[0] ?? {};
        return attempts === n + 1 && state === 'parked';
      });
    }
    await settledLength(workflowId);
    const asked = await readChain(stack.temporal, workflowId, firstRun);
    expect(asked.length).toBeGreaterThan(1);
    for (const { events } of asked) expectWithin('one run, before it goes on as a new one', events.length);
    const all = asked.reduce((sum, { events }) => sum + events.length, 0);
    expectWithin('each signal of an operator, more', Math.ceil(all / signals));

    await stack.clearFaults('webhook');
    const refused = (await stack.requests('webhook')).filter(({ path }) => path === '/webhook/asked');
    expect(refused).toHaveLength(signals + 1);
    await handle.signal(retrySignal);
    const { deliveries } = await inState(id, 'delivered');
    await eventsOf(workflowId);
    expect(deliveries[0]?.attempts).toBe(signals + 2);
    expect((await stack.webhookCounts()).get(deliveries[0]?.id ?? '')).toBe(1);
    const chain = await readChain(stack.temporal, workflowId, firstRun);
    expect(chain.map(({ runId }) => runId)).toEqual(asked.map(({ runId }) => runId));
    expect(chain.flatMap(({ events }) => failedTasks(events))).toEqual([]);
    chain.forEach(({ runId }, n) => kinds.set(`asked-for-much-${n + 1}`, { workflowId, runId }));
  }, 180_000);
});

it('the bounds of histories in docs/architecture.md are those of the tests', () => {
  const text = readFileSync('docs/architecture.md', 'utf8');
  for (const [kind, bound] of Object.entries(historyBounds))
    expect(text.replace(/ +/g, ' ')).toContain(`| ${kind} | ${bound.toLocaleString('en').replace(',', ' ')} |`);
});
