import { eventually } from '../support/eventually.ts';
import { recordHistories } from '../support/record-histories.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => void (stack = await startStack()), 120_000);
afterAll(async () => {
  await recordHistories(stack.temporal, kinds);
  await stack.close();
});

/** One run of each kind for the replay test; see `record-histories.ts`. */
const kinds = new Map<string, string>();

const quick = { initialInterval: '200ms', multiplier: 1, maxInterval: '1s', maxAttempts: 5, deadline: '5m' };

describe('a run in Temporal', () => {
  it('a run that is terminated while a delivery retries is started again by the sweep', async () => {
    await stack.webhook('swept', { retry: { ...quick, initialInterval: '2s', maxInterval: '2s' } });
    await stack.fault('webhook', { path: '/webhook/swept', status: 500, times: 1 });
    const { id } = await stack.post({ text: 'terminate me', destinations: ['swept'] });
    const { workflowId } = await eventually('it retries', async () => {
      const message = await stack.message(id);
      return message.deliveries[0]?.state === 'retrying' ? message : undefined;
    });
    await stack.temporal.workflow.getHandle(workflowId).terminate('test');
    expect((await stack.rest(id, 40_000)).state).toBe('delivered');
  });

  it('a run that is cancelled in Temporal settles its deliveries as cancelled', async () => {
    await stack.webhook('to-cancel', { retry: { ...quick, initialInterval: '1m', maxInterval: '1m' } });
    // A 429 proves that nothing was accepted. A delivery that may have arrived would become uncertain instead.
    await stack.fault('webhook', { path: '/webhook/to-cancel', status: 429, times: 1 });
    const { id } = await stack.post({ text: 'cancel me', destinations: ['to-cancel'] });
    const { workflowId } = await eventually('it retries', async () => {
      const message = await stack.message(id);
      return message.deliveries[0]?.state === 'retrying' ? message : undefined;
    });
    const handle = stack.temporal.workflow.getHandle(workflowId);
    await handle.cancel();
    expect((await stack.rest(id)).state).toBe('cancelled');
    kinds.set('cancelled-in-temporal', workflowId);
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });

  it('the history of a run holds ids and no text', async () => {
    await stack.webhook('discreet', { retry: quick });
    await stack.fault('webhook', {
      path: '/webhook/discreet',
      status: 500,
      body: { words: 'of the platform' },
      times: 1,
    });
    const { id } = await stack.post({
      text: 'swordfish is the word',
      sender: { name: 'Ann Author' },
      destinations: ['discreet'],
    });
    const { workflowId } = await stack.rest(id);
    const history = await stack.temporal.workflow.getHandle(workflowId).fetchHistory();
    // Payloads are base64 in the JSON.
    const decoded = JSON.stringify(history).replace(/"data":"([A-Za-z0-9+/=]+)"/g, (_all, data: string) =>
      Buffer.from(data, 'base64').toString(),
    );
    expect(decoded).toContain(id);
    for (const word of ['swordfish', 'Ann Author', 'of the platform']) expect(decoded).not.toContain(word);
  });

  it('a run answers the query `status` with the state at each destination', async () => {
    await stack.webhook('asked');
    const { id } = await stack.post({ text: 'status?', destinations: ['asked'] });
    const { workflowId, deliveries } = await stack.rest(id);
    // The ledger has the state first. The run learns of it a moment later.
    const status = await eventually('the run knows', async () => {
      const all = await stack.temporal.workflow.getHandle(workflowId).query<{ state: string }[]>('status');
      return all.every(({ state }) => state === 'delivered') ? all : undefined;
    });
    expect(status).toEqual([{ delivery: deliveries[0]?.id, destination: 'asked', state: 'delivered' }]);
  });
});
