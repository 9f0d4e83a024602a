import { deliverMessageType } from '../../src/contract.ts';
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

describe('a parked delivery', () => {
  async function parkOne(name: string) {
    await stack.webhook(name);
    await stack.fault('webhook', { path: `/webhook/${name}`, status: 400, times: 1 });
    const { id } = await stack.post({ text: 'park', destinations: [name] });
    const { workflowId, deliveries } = await stack.rest(id);
    expect(deliveries[0]?.state).toBe('parked');
    return { id, workflowId, delivery: deliveries[0]?.id ?? '' };
  }
  const delivered = (id: string) =>
    eventually(`${id} is delivered`, async () => {
      const message = await stack.message(id);
      return message.state === 'delivered' ? message : undefined;
    });

  it.each([
    ['permanent', { status: 400 }, 'http_400'],
    ['attempts_exhausted', { status: 503 }, 'http_503'],
    ['deadline_exceeded', { status: 429, retryAfter: 900 }, 'throttled'],
  ] as const)('a parked delivery says why it was given up (%s) and what the last answer was', async (...row) => {
    const [gaveUp, answer, code] = row;
    const name = gaveUp.replace('_', '-');
    const retry = { initialInterval: '200ms', multiplier: 1, maxInterval: '1s', maxAttempts: 2, deadline: '5m' };
    await stack.webhook(name, { retry });
    await stack.fault('webhook', { path: `/webhook/${name}`, ...answer, times: 2 });
    const { id } = await stack.post({ text: 'park', destinations: [name] });
    const { deliveries } = await stack.rest(id);
    const reason = { code, status: answer.status, gaveUp };
    expect(deliveries).toMatchObject([{ state: 'parked', reason }]);
    expect(await stack.must('GET', `/v1/deliveries/${deliveries[0]?.id}`)).toMatchObject({ reason });
  });

  it('a parked delivery is delivered after a retry by the API, which grants one more retry cycle', async () => {
    const { id, delivery } = await parkOne('by-api');
    await stack.must('POST', `/v1/deliveries/${delivery}/retry`);
    const { deliveries } = await delivered(id);
    expect(deliveries[0]).toMatchObject({ attempts: 2 });
    expect((await stack.call('POST', `/v1/deliveries/${delivery}/retry`)).status).toBe(409);
  });

  it('a parked delivery is delivered after the signal `retry`, with or without an argument', async () => {
    const { id, workflowId } = await parkOne('by-signal');
    await stack.temporal.workflow.getHandle(workflowId).signal('retry');
    await delivered(id);
    kinds.set('parked-then-retried', workflowId);
    const other = await parkOne('by-named-signal');
    const handle = stack.temporal.workflow.getHandle(other.workflowId);
    await handle.signal('retry', { destination: 'nobody' });
    // PostgreSQL takes no text with a NUL character. The run must not try to write it for ever.
    await handle.signal('retry', { destination: 'no\u0000body' });
    await handle.signal('retry', 'not an object');
    await delivered(other.id);
    kinds.set('odd-signals', other.workflowId);
  });

  it('a parked delivery is found by its search attributes and delivered by a batch signal', async () => {
    const { id } = await parkOne('by-batch');
    const query = 'CarillonState = "parked" AND CarillonTrouble = "by-batch"';
    await eventually('it is visible', async () => (await stack.temporal.workflow.count(query)).count === 1);
    const { connection, options } = stack.temporal;
    await connection.workflowService.startBatchOperation({
      namespace: options.namespace,
      jobId: `batch-${id}`,
      reason: 'test',
      visibilityQuery: query,
      signalOperation: { signal: 'retry', identity: 'test' },
    });
    await delivered(id);
    await eventually('the run says that it recovered', async () => {
      const found = stack.temporal.workflow.list({
        query: `CarillonState = "recovered" AND WorkflowType = "${deliverMessageType}"`,
      });
      for await (const { workflowId } of found) if (workflowId === (await stack.message(id)).workflowId) return true;
      return false;
    });
  });

  it('a parked delivery whose run was terminated is delivered by a new run after a retry', async () => {
    const { id, workflowId, delivery } = await parkOne('terminated');
    await stack.temporal.workflow.getHandle(workflowId).terminate('test');
    await stack.must('POST', `/v1/deliveries/${delivery}/retry`);
    await delivered(id);
  });
});
