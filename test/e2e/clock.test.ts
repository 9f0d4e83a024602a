import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { logPath } from '../../src/up/process/log-file.ts';
import { eventually } from '../support/eventually.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** The worker's clock is an hour ahead. Only PostgreSQL's clock may matter. */
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

/** The times that the worker has written to its log. */
function workerLogTimes(): number[] {
  const lines = readFileSync(logPath(stack.home, 'worker'), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const time = /^\{.*"time":"?([^",]+)/.exec(line)?.[1];
    return time === undefined ? [] : [/^\d+$/.test(time) ? Number(time) : Date.parse(time)];
  });
}

it('a worker whose clock is an hour ahead writes its own time to its log', async () => {
  // This proves that the clock is ahead. Without it, the other tests would prove nothing.
  const logged = await eventually('it has logged', () => workerLogTimes().at(-1));
  expect(logged - Date.now()).toBeGreaterThan(3_000_000);
});

it.concurrent(
  'a worker whose clock is an hour ahead delivers, honours Retry-After and parks as usual',
  async () => {
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
  },
  60_000,
);

it.concurrent(
  'a worker whose clock is an hour ahead finds a post of a lost answer in Slack and sends nothing twice',
  async () => {
    await stack.slack('doubt', 'CDOUBT', { retry, timeout: '1s' });
    await stack.fault('slack', { path: 'chat.postMessage', match: 'CDOUBT', mode: 'reset-after', times: 1 });
    const lost = await stack.post({ text: 'lost', destinations: ['doubt'] });
    expect((await stack.rest(lost.id)).deliveries[0]).toMatchObject({ state: 'delivered', attempts: 1 });
    expect((await stack.slackCounts()).get(lost.deliveries[0]?.id ?? '')).toBe(1);
  },
  60_000,
);

it.concurrent(
  'a worker whose clock is an hour ahead signs with the right time and honours a Retry-After date',
  async () => {
    await stack.webhook('dated', { retry });
    const inFiveSeconds = new Date(Date.now() + 5_000).toUTCString();
    await stack.fault('webhook', { path: '/webhook/dated', status: 429, retryAfter: inFiveSeconds, times: 1 });
    const { id } = await stack.post({ text: 'dated', destinations: ['dated'] });
    expect((await stack.rest(id)).deliveries[0]).toMatchObject({ state: 'delivered', attempts: 2 });
    const requests = (await stack.requests('webhook')).filter(({ path }) => path === '/webhook/dated');
    // Standard Webhooks: receivers refuse a timestamp that is more than five minutes off.
    for (const { at, headers } of requests)
      expect(Math.abs(Number(headers['webhook-timestamp']) * 1_000 - Date.parse(at))).toBeLessThan(60_000);
    expect(Date.parse(requests[1]?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(inFiveSeconds));
  },
  60_000,
);

it.concurrent(
  "expiry and scheduled sends follow PostgreSQL's clock, not the clock of a worker",
  async () => {
    await stack.slack('times', 'CTIMES', { retry });
    const inHalfAnHour = new Date(Date.now() + 1_800_000).toISOString();
    const lasting = await stack.post({ text: 'lasting', destinations: ['times'], expiresAt: inHalfAnHour });
    expect((await stack.rest(lasting.id)).deliveries[0]).toMatchObject({ state: 'delivered' });
    const later = await stack.post({ text: 'later', destinations: ['times'], sendAt: inHalfAnHour });
    const soon = new Date(Date.now() + 2_000).toISOString();
    const due = await stack.post({ text: 'due', destinations: ['times'], sendAt: soon });
    const [sent] = (await stack.rest(due.id)).deliveries;
    expect(sent).toMatchObject({ state: 'delivered' });
    expect(Date.parse(sent?.receipt?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(soon));
    expect((await stack.message(later.id)).deliveries[0]).toMatchObject({ state: 'queued', attempts: 0 });
  },
  60_000,
);

it('a worker whose clock is an hour ahead writes none of its own times to PostgreSQL', async () => {
  // One delivery in each kind of wait, because most times are gone when a delivery is at rest.
  const slow = { ...retry, initialInterval: '5m', maxInterval: '5m', deadline: '20m' };
  await stack.webhook('sends', { retry, timeout: '20s' });
  await stack.webhook('retries', { retry: slow });
  await stack.webhook('pauses', { retry });
  await stack.fault('webhook', [
    { path: '/webhook/sends', mode: 'delay', delayMs: 15_000, times: 1 },
    { path: '/webhook/retries', status: 500, times: 1 },
  ]);
  await stack.must('POST', '/v1/destinations/pauses/pause', {});
  const post = async (...destinations: string[]) =>
    (await stack.post({ text: 'open', destinations, conversation: `at-${destinations[0]}` })).id;
  const inState = (id: string, state: string) =>
    eventually(`${id} is ${state}`, async () => (await stack.message(id)).deliveries[0]?.state === state);
  await inState(await post('retries'), 'retrying');
  await Promise.all([
    // A message without any delivery that could go has no run and stays queued, so this one has a second destination.
    inState(await post('retries', 'clock'), 'waiting'),
    inState(await post('pauses'), 'waiting'),
    inState(await post('sends'), 'sending'),
  ]);

  const columns = await stack.sql<{ table: string; column: string }[]>`
    select table_name as "table", column_name as "column" from information_schema.columns
    where table_schema = 'public' and data_type = 'timestamp with time zone'`;
  expect(columns.length).toBeGreaterThan(40);
  const wrong: string[] = [];
  for (const { table, column } of columns) {
    // This time is set when a message is accepted, which no worker does.
    if (`${table}.${column}` === 'dedupe.expires_at') continue;
    const rows = await stack.sql`
      select from ${stack.sql(table)} where ${stack.sql(column)} > clock_timestamp() + interval '45 minutes' limit 1`;
    if (rows.length > 0) wrong.push(`${table}.${column}`);
  }
  expect(wrong).toEqual([]);
}, 60_000);
