import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** What happens when it is unknown whether an attempt arrived: for each recovery class, and after a crash. */
let stack: Stack;
beforeAll(async () => void (stack = await startStack()), 120_000);
afterAll(() => stack?.close());

const retry = { initialInterval: '200ms', multiplier: 1, maxInterval: '1s', maxAttempts: 6, deadline: '5m' };

async function postTo(destination: string) {
  const { id, deliveries } = await stack.post({ text: `to ${destination}`, destinations: [destination] });
  return { id, delivery: deliveries[0]?.id ?? '' };
}
const attemptsOf = async (delivery: string) =>
  (await stack.must('GET', `/v1/deliveries/${delivery}/attempts`)).data as { outcome: string; code: string | null }[];
const slackCopies = async (delivery: string) => (await stack.slackCounts()).get(delivery) ?? 0;
const webhookCopies = async (delivery: string) => (await stack.webhookCounts()).get(delivery) ?? 0;

describe('an attempt whose answer was lost', () => {
  it.concurrent('a class A webhook gets an attempt with a lost answer again, with the same key and bytes', async () => {
    await stack.webhook('folding', {
      retry,
      address: { url: `${stack.simulators}/webhook/folding`, dedupeWindow: '1h' },
      ambiguous: 'at-most-once',
    });
    await stack.fault('webhook', { path: '/webhook/folding', mode: 'commit-then-status', status: 502, times: 1 });
    const { id, delivery } = await postTo('folding');
    expect((await stack.rest(id)).deliveries[0]).toMatchObject({ state: 'delivered', attempts: 2 });
    const { accepted } = await (await fetch(`${stack.simulators}/_sim/webhook/accepted`)).json();
    expect(accepted.find((one: { id: string }) => one.id === delivery)).toMatchObject({ count: 2, sameBody: true });
  });

  it.concurrent('a post whose answer was lost is found in Slack by its mark and not posted again', async () => {
    await stack.slack('found', 'CFOUND', { retry, timeout: '1s' });
    await stack.fault('slack', {
      path: 'chat.postMessage',
      match: 'CFOUND',
      mode: 'commit-then-status',
      status: 500,
      times: 1,
    });
    const { id, delivery } = await postTo('found');
    expect((await stack.rest(id)).deliveries[0]).toMatchObject({ state: 'delivered', attempts: 1 });
    expect(await slackCopies(delivery)).toBe(1);
  });

  it.concurrent("a post whose answer was lost is posted again only after Slack's history lacked it twice", async () => {
    await stack.slack('absent', 'CABSENT', { retry, timeout: '1s' });
    await stack.fault('slack', { path: 'chat.postMessage', match: 'CABSENT', mode: 'reset-before', times: 1 });
    const { id, delivery } = await postTo('absent');
    expect((await stack.rest(id)).deliveries[0]).toMatchObject({ state: 'delivered', attempts: 2 });
    expect(await slackCopies(delivery)).toBe(1);
    const looks = (await stack.requests('slack')).filter(({ path }) => path.includes('conversations.history'));
    expect(looks.length).toBeGreaterThanOrEqual(2);
  });

  it.concurrent(
    'a post whose answer was lost is not posted again while Slack refuses to show its history',
    async () => {
      await stack.slack('refused', 'CREFUSED', { retry, timeout: '1s' });
      await stack.fault('slack', [
        { path: 'chat.postMessage', match: 'CREFUSED', mode: 'commit-then-status', status: 500, times: 1 },
        { path: 'conversations.history', match: 'CREFUSED', status: 429, retryAfter: 1, times: 3 },
      ]);
      const { id, delivery } = await postTo('refused');
      expect((await stack.rest(id, 30_000)).deliveries[0]).toMatchObject({ state: 'delivered', attempts: 1 });
      expect(await slackCopies(delivery)).toBe(1);
    },
  );

  describe('an attempt whose answer was lost, while Slack refuses to show its history', () => {
    const brief = { ...retry, deadline: '4s' };
    const uncertain = { state: 'uncertain', attempts: 1, reason: { code: 'look_up_refused' } };

    async function lostAt(destination: string, channel: string) {
      await stack.slack(destination, channel, { retry: brief, timeout: '1s' });
      await stack.fault('slack', [
        { path: 'chat.postMessage', match: channel, mode: 'commit-then-status', status: 500, times: 1 },
        { path: 'conversations.history', match: channel, status: 503, times: 1_000 },
      ]);
      return postTo(destination);
    }

    it.concurrent('a delivery in doubt becomes uncertain at its deadline, also after a pause has ended', async () => {
      const { id } = await lostAt('paused-in-doubt', 'CPAUSED');
      const first = async () => (await stack.message(id)).deliveries[0];
      await eventually('its answer is lost', async () => (await first())?.state === 'retrying');
      await stack.must('POST', '/v1/destinations/paused-in-doubt/pause', { reason: 'maintenance' });
      await eventually('it waits', async () => (await first())?.reason?.code === 'paused');
      await stack.must('POST', '/v1/destinations/paused-in-doubt/resume', {});
      expect((await stack.rest(id, 20_000)).deliveries[0]).toMatchObject(uncertain);
    });

    it.concurrent('a delivery in doubt becomes uncertain again at the deadline of a manual retry', async () => {
      const { id, delivery } = await lostAt('granted-in-doubt', 'CGRANTED');
      expect((await stack.rest(id, 20_000)).deliveries[0]).toMatchObject(uncertain);
      await stack.must('POST', `/v1/deliveries/${delivery}/retry`, {});
      expect((await stack.rest(id, 20_000)).deliveries[0]).toMatchObject(uncertain);
    });
  });

  it.concurrent(
    'a class C webhook gets an attempt with a lost answer again by default, and the attempts say so',
    async () => {
      await stack.webhook('again', { retry, timeout: '500ms' });
      await stack.fault('webhook', { path: '/webhook/again', mode: 'commit-then-timeout', times: 1 });
      const { id, delivery } = await postTo('again');
      expect((await stack.rest(id)).deliveries[0]).toMatchObject({ state: 'delivered', attempts: 2 });
      expect(await webhookCopies(delivery)).toBe(2);
      expect(await attemptsOf(delivery)).toMatchObject([
        { outcome: 'ambiguous', code: 'timeout' },
        { outcome: 'delivered' },
      ]);
    },
  );

  it.concurrent('an at-most-once delivery whose answer was lost is uncertain until an operator decides', async () => {
    await stack.webhook('once', { retry, timeout: '500ms', ambiguous: 'at-most-once' });
    await stack.fault('webhook', { path: '/webhook/once', mode: 'commit-then-timeout', times: 1 });
    const { id, delivery } = await postTo('once');
    expect(await stack.rest(id)).toMatchObject({ state: 'failed', deliveries: [{ state: 'uncertain', attempts: 1 }] });
    expect(await webhookCopies(delivery)).toBe(1);
    await stack.must('POST', `/v1/deliveries/${delivery}/retry`);
    await eventually('it is delivered', async () => (await stack.message(id)).state === 'delivered');
    expect(await webhookCopies(delivery)).toBe(2);
  });

  it.concurrent(
    'an attempt that the receiver refused is tried again, even where nothing may be sent twice',
    async () => {
      await stack.webhook('refused-once', { retry, ambiguous: 'at-most-once' });
      await stack.fault('webhook', { path: '/webhook/refused-once', status: 429, times: 1 });
      const { id, delivery } = await postTo('refused-once');
      expect((await stack.rest(id)).deliveries[0]).toMatchObject({ state: 'delivered', attempts: 2 });
      expect(await webhookCopies(delivery)).toBe(1);
    },
  );
});

describe('a worker that is killed while it sends', () => {
  /**
   * Posts to a destination of each kind whose sink does not answer, and kills the worker while all three are being
   * sent.
   */
  async function killWhileSending() {
    await stack.webhook('killed-once', { retry, ambiguous: 'at-most-once', timeout: '3s' });
    await stack.webhook('killed-again', { retry, timeout: '3s' });
    await stack.slack('killed-slack', 'CKILLED', { retry, timeout: '3s' });
    await stack.fault('webhook', { path: '/webhook/killed', mode: 'commit-then-timeout', times: 2 });
    await stack.fault('slack', { path: 'chat.postMessage', match: 'CKILLED', mode: 'commit-then-timeout', times: 1 });
    const { id, deliveries } = await stack.post({
      text: 'killed',
      destinations: ['killed-once', 'killed-again', 'killed-slack'],
    });
    await eventually('all three have it, and none has said so', async () => {
      const webhooks = await stack.webhookCounts();
      const slack = await stack.slackCounts();
      const states = (await stack.message(id)).deliveries.map(({ state }) => state);
      return (
        deliveries.every((one) => webhooks.has(one.id) || slack.has(one.id)) &&
        states.every((state) => state === 'sending')
      );
    });
    const run = JSON.parse(readFileSync(join(stack.home, 'run.json'), 'utf8')) as {
      children: { role: string; pid: number }[];
    };
    process.kill(run.children.find(({ role }) => role === 'worker')?.pid ?? 0, 'SIGKILL');
    return { id, of: (name: string) => deliveries.find(({ destination }) => destination === name)?.id ?? '' };
  }

  it('a killed worker leaves one post in Slack and at an at-most-once webhook, and two at other webhooks', async () => {
    const { id, of } = await killWhileSending();
    const { state, deliveries } = await stack.rest(id, 60_000);
    const states = Object.fromEntries(deliveries.map((one) => [one.destination, one.state]));
    expect(states).toEqual({ 'killed-once': 'uncertain', 'killed-again': 'delivered', 'killed-slack': 'delivered' });
    expect(state).toBe('partial');
    expect(await webhookCopies(of('killed-once'))).toBe(1);
    expect(await webhookCopies(of('killed-again'))).toBe(2);
    expect(await slackCopies(of('killed-slack'))).toBe(1);
    expect(await attemptsOf(of('killed-once'))).toMatchObject([{ outcome: 'unknown', code: 'worker_lost' }]);
  }, 90_000);
});
