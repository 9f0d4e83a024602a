import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { configureSinks } from '../support/sinks.ts';
import { createWhole, type Whole } from '../support/whole.ts';

/** All processes are real here, and all are killed with SIGKILL, including PostgreSQL and Temporal. */
let whole: Whole;
beforeAll(async () => {
  whole = await createWhole();
  await whole.start();
}, 120_000);
afterAll(() => whole?.remove(), 60_000);

const messages = 200;
const channels = 50;
const retry = { initialInterval: '1s', multiplier: 1, maxInterval: '2s', maxAttempts: 30, deadline: '10m' };

async function configure(): Promise<void> {
  const sinks = await configureSinks(whole, whole.simulators);
  await sinks.webhook('crash', { retry, order: 'none', timeout: '3s' });
  for (let n = 0; n < channels; n += 1)
    await sinks.slack(`slack-${n}`, `CRASH${String.fromCharCode(65 + Math.floor(n / 26), 65 + (n % 26))}`, {
      retry,
      timeout: '3s',
    });
}

/** Posts 200 messages, each to the webhook and to one of 50 Slack channels, while both are slow and lose answers. */
async function postWhileTheyDawdle(round: string): Promise<Map<string, string>> {
  await whole.fault('webhook', [
    { path: '/webhook/crash', mode: 'commit-then-timeout', times: 10 },
    { path: '/webhook/crash', mode: 'delay', delayMs: 400, times: 0 },
  ]);
  await whole.fault('slack', [
    { path: 'chat.postMessage', mode: 'commit-then-timeout', times: 10 },
    { path: 'chat.postMessage', mode: 'delay', delayMs: 400, times: 0 },
  ]);
  const kinds = new Map<string, string>();
  await Promise.all(
    Array.from({ length: messages }, async (_, n) => {
      const body = {
        text: `crash ${n}`,
        destinations: ['crash', `slack-${n % channels}`],
        conversation: `${round}-${n}`,
      };
      // A good client: a 503 means that it is unknown whether the message was accepted, and posting again with the same
      // key tells.
      const { deliveries } = await eventually('it is accepted', async () => {
        const answer = await whole.call('POST', '/v1/messages', body, { 'idempotency-key': `${round}-${n}` });
        return answer.status === 202
          ? (answer.body as { deliveries: { id: string; destination: string }[] })
          : undefined;
      });
      for (const { id, destination } of deliveries) kinds.set(id, destination);
    }),
  );
  return kinds;
}

async function statesOf(kinds: ReadonlyMap<string, string>): Promise<Map<string, number>> {
  const states = new Map<string, number>();
  for (const state of ['queued', 'waiting', 'sending', 'retrying', 'delivered', 'parked', 'uncertain'])
    for (let cursor = ''; ;) {
      const { data, nextCursor } = await whole.must('GET', `/v1/deliveries?state=${state}&limit=200${cursor}`);
      for (const { id } of data) if (kinds.has(id)) states.set(state, (states.get(state) ?? 0) + 1);
      if (nextCursor === null) break;
      cursor = `&cursor=${nextCursor}`;
    }
  return states;
}

/** Waits until some deliveries are delivered and others are not, so that the kill interrupts something. */
async function inTheMiddle(kinds: ReadonlyMap<string, string>): Promise<Map<string, number>> {
  return eventually('in the middle', async () => {
    const states = await statesOf(kinds);
    const delivered = states.get('delivered') ?? 0;
    return delivered > kinds.size / 8 && delivered < (kinds.size * 3) / 4 ? states : undefined;
  });
}

/** Returns how many attempts of a delivery arrived or may have arrived. */
async function mayHaveArrived(id: string): Promise<number> {
  const { data } = await whole.must('GET', `/v1/deliveries/${id}/attempts`);
  const outcomes = (data as { outcome: string }[]).map(({ outcome }) => outcome);
  return outcomes.filter((outcome) => ['delivered', 'ambiguous', 'unknown'].includes(outcome)).length;
}

async function endsDelivered(kinds: ReadonlyMap<string, string>): Promise<void> {
  await whole.clearFaults('webhook');
  await whole.clearFaults('slack');
  await eventually(
    'all are delivered',
    async () => (await statesOf(kinds)).get('delivered') === kinds.size,
    120_000,
  ).catch(async (error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify([...(await statesOf(kinds))])}`);
  });
  const [webhook, slack] = [await whole.webhookCounts(), await whole.slackCounts()];
  const hooks = [...kinds].filter(([, destination]) => destination === 'crash').map(([id]) => id);
  const slacks = [...kinds].filter(([, destination]) => destination !== 'crash').map(([id]) => id);
  expect(hooks.filter((id) => (webhook.get(id) ?? 0) < 1)).toEqual([]);
  // Each additional copy has its own attempt whose answer was lost, because of the sink's fault or of the kill.
  const doubles = hooks.filter((id) => (webhook.get(id) ?? 0) > 1);
  for (const id of doubles) expect(webhook.get(id)).toBeLessThanOrEqual(await mayHaveArrived(id));
  console.log(
    `webhook: ${hooks.length} held, ${doubles.length} of them more than once: ${doubles.join(', ') || 'none'}`,
  );
  expect(slacks.filter((id) => slack.get(id) !== 1).map((id) => [id, slack.get(id)])).toEqual([]);
}

it('kill -9 of all processes with 200 messages in flight loses nothing and doubles nothing in Slack', async () => {
  await configure();
  const kinds = await postWhileTheyDawdle('kill');
  const before = await inTheMiddle(kinds);
  await whole.killAll();
  console.log('at the kill:', Object.fromEntries(before));
  expect(before.get('delivered')).toBeGreaterThan(0);
  expect(before.get('sending')).toBeGreaterThan(0);
  await whole.start();
  await endsDelivered(kinds);
}, 300_000);

it("deleting Temporal's database with 200 messages in flight loses nothing: the sweep starts them again", async () => {
  const kinds = await postWhileTheyDawdle('wipe');
  const before = await inTheMiddle(kinds);
  await whole.killAll();
  console.log('at the wipe:', Object.fromEntries(before));
  expect(before.get('delivered')).toBeGreaterThan(0);
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(whole.home, 'temporal', `temporal.db${suffix}`), { force: true });
  await whole.start();
  await endsDelivered(kinds);
}, 300_000);
