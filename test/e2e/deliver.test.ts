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

describe('the delivery of a message', () => {
  it('a message posted fifty times at once with one key is one message, one run and one request', async () => {
    await stack.webhook('fifty');
    const posts = await Promise.all(
      Array.from({ length: 50 }, () => stack.post({ text: 'once', destinations: ['fifty'] }, 'fifty-times')),
    );
    expect(new Set(posts.map(({ id }) => id)).size).toBe(1);
    const { workflowId } = await stack.rest(posts[0]?.id ?? '');
    kinds.set('delivered-at-once', workflowId);
    const requests = (await stack.requests('webhook')).filter(({ path }) => path === '/webhook/fifty');
    expect(requests).toHaveLength(1);
    const runs = await eventually('the run is visible', async () => {
      const { count } = await stack.temporal.workflow.count(`WorkflowId = "${workflowId}"`);
      return count > 0 ? count : undefined;
    });
    expect(runs).toBe(1);
  });

  it('a message reaches three healthy destinations while two others retry, each with its own count', async () => {
    for (const id of ['well-1', 'well-2', 'well-3']) await stack.webhook(id);
    await stack.webhook('slow', { retry: quick, timeout: '500ms' });
    await stack.webhook('broken', { retry: { ...quick, maxAttempts: 10 } });
    await stack.fault('webhook', [
      { path: '/webhook/slow', mode: 'timeout', times: 2 },
      { path: '/webhook/broken', status: 500, times: 4 },
    ]);
    const { id } = await stack.post({
      text: 'partial',
      destinations: ['well-1', 'well-2', 'well-3', 'slow', 'broken'],
    });
    const during = await eventually('three are delivered while two retry', async () => {
      const { deliveries } = await stack.message(id);
      const well = deliveries.filter(
        ({ destination, state }) => destination.startsWith('well') && state === 'delivered',
      );
      const retrying = deliveries.filter(({ state }) => state === 'retrying');
      return well.length === 3 && retrying.length === 2 ? retrying : undefined;
    });
    for (const one of during) {
      expect(one.attempts).toBeGreaterThan(0);
      expect(one.nextAttemptAt).toBeTruthy();
    }
    const { state, deliveries, workflowId } = await stack.rest(id);
    kinds.set('two-of-five-retry', workflowId);
    expect(state).toBe('delivered');
    expect(Object.fromEntries(deliveries.map(({ destination, attempts }) => [destination, attempts]))).toEqual({
      'well-1': 1,
      'well-2': 1,
      'well-3': 1,
      slow: 3,
      broken: 5,
    });
  });

  it('a delivery is not sent again before its Retry-After is over, not even by an operator', async () => {
    await stack.webhook('patient', { retry: quick });
    await stack.fault('webhook', { path: '/webhook/patient', status: 429, retryAfter: 7, times: 1 });
    const { id } = await stack.post({ text: 'later', destinations: ['patient'] });
    await eventually('it retries', async () => (await stack.message(id)).deliveries[0]?.state === 'retrying');
    await stack.must('POST', `/v1/messages/${id}/retry`);
    kinds.set('retried-while-retrying', (await stack.rest(id)).workflowId);
    const times = (await stack.requests('webhook'))
      .filter(({ path }) => path === '/webhook/patient')
      .map(({ at }) => Date.parse(at));
    expect(times).toHaveLength(2);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(7_000);
  });

  it("a refused message is parked at once with the platform's reason", async () => {
    await stack.webhook('refusing');
    await stack.fault('webhook', {
      path: '/webhook/refusing',
      status: 400,
      body: { error: 'no such order' },
      times: 1,
    });
    const { id } = await stack.post({ text: 'no', destinations: ['refusing'] });
    const { state, deliveries } = await stack.rest(id);
    expect(state).toBe('failed');
    expect(deliveries[0]).toMatchObject({ state: 'parked', attempts: 1, reason: { code: 'http_400', status: 400 } });
    const { data } = await stack.must('GET', `/v1/deliveries/${deliveries[0]?.id}/attempts`);
    expect(data[0]).toMatchObject({ status: 400 });
    expect(JSON.stringify(data[0])).toContain('no such order');
  });

  it('messages of one conversation arrive in order although the first one fails for a while', async () => {
    await stack.webhook('ordered', { retry: quick });
    await stack.fault('webhook', { path: '/webhook/ordered', status: 503, times: 2 });
    const posted: string[] = [];
    for (let n = 0; n < 10; n += 1)
      posted.push(
        (await stack.post({ text: `n ${n}`, destinations: ['ordered'], conversation: 'in-order' })).deliveries[0]?.id ??
          '',
      );
    await eventually('all ten arrive', async () => (await stack.webhookCounts()).has(posted[9] ?? ''));
    const arrived = (await stack.requests('webhook'))
      .filter(({ path, accepted }) => path === '/webhook/ordered' && accepted)
      .map(({ headers }) => headers['webhook-id']);
    expect(arrived).toEqual(posted);
  });
});

describe('a conversation with two destinations', () => {
  it('a message waits for its turn at one destination without delaying the other destination', async () => {
    await stack.webhook('turn-slow', { retry: { ...quick, initialInterval: '1500ms', maxInterval: '1500ms' } });
    await stack.webhook('turn-quick');
    await stack.fault('webhook', { path: '/webhook/turn-slow', status: 503, times: 1 });
    const both = { text: 'turn', destinations: ['turn-slow', 'turn-quick'], conversation: 'turns' };
    const first = await stack.post(both);
    const second = await stack.post(both);
    const waiting = await eventually('the second one waits at one destination only', async () => {
      const { deliveries } = await stack.message(second.id);
      const [slow, fast] = ['turn-slow', 'turn-quick'].map((id) =>
        deliveries.find(({ destination }) => destination === id),
      );
      return slow?.state === 'waiting' && fast?.state === 'delivered' ? slow : undefined;
    });
    expect(waiting).toMatchObject({ attempts: 0, reason: { code: 'turn' } });
    await stack.rest(first.id);
    const { state, workflowId } = await stack.rest(second.id);
    expect(state).toBe('delivered');
    kinds.set('waited-for-its-turn', workflowId);
  });
});

describe('the cancel of a message', () => {
  it('a cancel of the first message of a conversation lets the next one go at once', async () => {
    await stack.webhook('freed', { retry: { ...quick, initialInterval: '1m', maxInterval: '1m' } });
    await stack.webhook('beside');
    await stack.fault('webhook', { path: '/webhook/freed', status: 429, times: 1 }); // a 429: not accepted
    const body = { text: 'free', destinations: ['freed', 'beside'], conversation: 'freed' };
    const first = await stack.post(body);
    const second = await stack.post(body);
    await eventually('the second one waits behind the first', async () => {
      const { deliveries } = await stack.message(second.id);
      return deliveries.some(({ state }) => state === 'waiting');
    });
    await stack.must('POST', `/v1/messages/${first.id}/cancel`);
    // The limit is below the 20 s and more that the sweep would need.
    expect((await stack.rest(second.id, 10_000)).state).toBe('delivered');
    expect((await stack.message(first.id)).state).toBe('partial');
  });
});
