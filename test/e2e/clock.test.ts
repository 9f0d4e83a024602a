import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { logPath } from '../../src/up/log-file.ts';
import { eventually } from '../support/eventually.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** The worker's clock is an hour off; only PostgreSQL's counts. Slack's simulator looks at no time of ours. */
let stack: Stack;
beforeAll(async () => {
  const preload = pathToFileURL(resolve('test/support/shifted-clock.mjs')).href;
  stack = await startStack({ workerEnv: () => ({ NODE_OPTIONS: `--import=${preload}` }) });
}, 120_000);
afterAll(() => stack?.close());

const retry = { initialInterval: '1s', multiplier: 1, maxInterval: '1s', maxAttempts: 3, deadline: '2m' };

async function timesOf(delivery: string): Promise<number[]> {
  const rows = await stack.sql<{ ms: number }[]>`
    select (extract(epoch from started_at - first_value(started_at) over (order by number)) * 1000)::float8 as ms
    from attempts where delivery = ${delivery} order by number`;
  return rows.map(({ ms }) => ms);
}

/** The times that the worker has written into its log. */
function workerLogTimes(): number[] {
  const lines = readFileSync(logPath(stack.home, 'worker'), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const time = /^\{.*"time":"?([^",]+)/.exec(line)?.[1];
    return time === undefined ? [] : [/^\d+$/.test(time) ? Number(time) : Date.parse(time)];
  });
}

it('a worker whose clock is an hour off says so in its own times', async () => {
  // Or the others prove nothing: its log is stamped by its own clock.
  const logged = await eventually('it has logged', () => workerLogTimes().at(-1));
  expect(logged - Date.now()).toBeGreaterThan(3_000_000);
});

it('delivers, retries after the platform’s time, and parks, as usual', async () => {
  await stack.slack('clock', 'CCLOCK', { retry });
  const well = await stack.post({ text: 'well', destinations: ['clock'] });
  expect((await stack.rest(well.id)).deliveries[0]).toMatchObject({ state: 'delivered', attempts: 1 });

  await stack.fault('slack', { path: 'chat.postMessage', match: 'CCLOCK', status: 429, retryAfter: 3, times: 1 });
  const limited = await stack.post({ text: 'limited', destinations: ['clock'] });
  expect((await stack.rest(limited.id)).deliveries[0]).toMatchObject({ state: 'delivered', attempts: 2 });
  const [, second] = await timesOf(limited.deliveries[0]?.id ?? '');
  expect(second).toBeGreaterThanOrEqual(3_000);
  expect(second).toBeLessThan(15_000);

  await stack.fault('slack', {
    path: 'chat.postMessage',
    match: 'CCLOCK',
    status: 200,
    body: { ok: false, error: 'msg_too_long' },
    times: 1,
  });
  const refused = await stack.post({ text: 'refused', destinations: ['clock'] });
  expect((await stack.rest(refused.id)).deliveries[0]).toMatchObject({ state: 'parked', attempts: 1 });
}, 60_000);

it('keeps expiry, scheduled sends and leases by PostgreSQL’s clock', async () => {
  await stack.slack('times', 'CTIMES', { retry });
  const inHalfAnHour = new Date(Date.now() + 1_800_000).toISOString();
  const lasting = await stack.post({ text: 'lasting', destinations: ['times'], expiresAt: inHalfAnHour });
  expect((await stack.rest(lasting.id)).deliveries[0]).toMatchObject({ state: 'delivered' });
  const later = await stack.post({ text: 'later', destinations: ['times'], sendAt: inHalfAnHour });
  const soon = new Date(Date.now() + 2_000).toISOString();
  const due = await stack.post({ text: 'due', destinations: ['times'], sendAt: soon });
  expect((await stack.rest(due.id)).deliveries[0]).toMatchObject({ state: 'delivered' });
  expect((await stack.message(later.id)).deliveries[0]).toMatchObject({ state: 'queued', attempts: 0 });
}, 60_000);
