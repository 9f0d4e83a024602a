import { startCutProxy, type CutProxy } from '../api/cut-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** Events that come at the wrong moment. The worker reaches PostgreSQL through a proxy that can be cut. */
let stack: Stack;
let proxy: CutProxy;
beforeAll(async () => {
  proxy = await startCutProxy(Number(new URL(process.env['CARILLON_TEST_DATABASE_URL'] ?? '').port));
  stack = await startStack({
    workerEnv: (databaseUrl) => {
      const url = new URL(databaseUrl);
      url.port = String(proxy.port);
      return { DATABASE_URL: url.href };
    },
  });
}, 120_000);
afterAll(async () => {
  await stack?.close();
  await proxy.cut();
});

const retry = { initialInterval: '1s', multiplier: 1, maxInterval: '1s', maxAttempts: 5, deadline: '5m' };
const inState = (id: string, state: string) =>
  eventually(`${id} is ${state}`, async () => {
    const message = await stack.message(id);
    return message.deliveries[0]?.state === state ? message : undefined;
  });

it('when PostgreSQL is lost between send and settle, Temporal keeps the outcome and nothing is doubled', async () => {
  await stack.webhook('cut', { retry, timeout: '5s' });
  await stack.fault('webhook', { path: '/webhook/cut', mode: 'delay', delayMs: 4_500, times: 1 });
  const { id, deliveries } = await stack.post({ text: 'cut', destinations: ['cut'] });
  const { workflowId } = await inState(id, 'sending');
  await proxy.cut();
  await stack.clearFaults('webhook');
  try {
    const handle = stack.temporal.workflow.getHandle(workflowId);
    await eventually('the run has the outcome', async () => {
      const { pendingActivities } = (await handle.describe()).raw;
      return pendingActivities?.some(({ activityType }) => activityType?.name === 'settleOutcome') === true;
    });
    expect((await stack.message(id)).deliveries[0]).toMatchObject({ state: 'sending' });
  } finally {
    await proxy.restore();
  }
  expect((await stack.rest(id, 60_000)).deliveries[0]).toMatchObject({ state: 'delivered', attempts: 1 });
  expect((await stack.webhookCounts()).get(deliveries[0]?.id ?? '')).toBe(1);
}, 90_000);

it('a retry of a delivery that is being sent sends nothing a second time', async () => {
  await stack.webhook('running', { retry });
  await stack.fault('webhook', { path: '/webhook/running', mode: 'delay', delayMs: 8_000, times: 1 });
  const { id, deliveries } = await stack.post({ text: 'running', destinations: ['running'] });
  const { workflowId } = await inState(id, 'sending');
  expect((await stack.call('POST', `/v1/messages/${id}/retry`)).status).toBe(409);
  await stack.temporal.workflow.getHandle(workflowId).signal('retry');
  await stack.clearFaults('webhook');
  expect((await stack.rest(id)).deliveries[0]).toMatchObject({ state: 'delivered', attempts: 1 });
  expect((await stack.webhookCounts()).get(deliveries[0]?.id ?? '')).toBe(1);
}, 60_000);

it('a `turn` signal that comes before the run waits is not forgotten', async () => {
  await stack.webhook('early', { retry: { ...retry, initialInterval: '2s', maxInterval: '2s' } });
  await stack.fault('webhook', { path: '/webhook/early', status: 500, times: 1 });
  // The lease keeps every worker from draining the gates, so that only the `turn` signal can call the delivery.
  await stack.sql`
    insert into leases values ('drain', 'test', clock_timestamp() + interval '1 minute')
    on conflict (job) do update set holder = excluded.holder, until = excluded.until`;
  const { id, deliveries } = await stack.post({ text: 'early', destinations: ['early'] });
  const { workflowId } = await inState(id, 'retrying');
  await stack.must('POST', '/v1/destinations/early/pause', {});
  await stack.sql.begin(async (tx) => {
    await tx`select from deliveries where id = ${deliveries[0]?.id ?? ''} for update`;
    await eventually('it is about to say that it waits', async () => {
      const [waiting] = await stack.sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%has_waiters%'`;
      return waiting !== undefined;
    });
    await stack.must('POST', '/v1/destinations/early/resume', {});
    const handle = stack.temporal.workflow.getHandle(workflowId);
    await handle.signal('turn', { delivery: deliveries[0]?.id ?? '' });
    // A query that is answered after the signal proves that the run has the signal.
    await handle.query('status');
  });
  expect((await stack.rest(id)).deliveries[0]).toMatchObject({ state: 'delivered', attempts: 2 });
  await stack.sql`delete from leases where holder = 'test'`;
}, 60_000);

it('a run whose start was not recorded is woken when its turn comes, before the sweep looks', async () => {
  await stack.webhook('unnoted', { retry: { ...retry, initialInterval: '1m', maxInterval: '1m' } });
  await stack.webhook('beside', { retry });
  await stack.fault('webhook', { path: '/webhook/unnoted', status: 500, times: 1 });
  const first = await stack.post({ text: 'first', destinations: ['unnoted'], conversation: 'unnoted' });
  await inState(first.id, 'retrying');
  const second = await stack.post({ text: 'second', destinations: ['unnoted', 'beside'], conversation: 'unnoted' });
  await eventually('it waits for its turn', async () => {
    const states = (await stack.message(second.id)).deliveries.map(({ state }: { state: string }) => state);
    return states.includes('waiting') && states.includes('delivered');
  });
  // The state after a kill between the start and its record, when the lease has ended and nothing of the message could
  // go.
  await stack.sql`update messages set dispatched_at = null, lease_until = null, set_aside = true where id = ${second.id}`;
  await stack.must('POST', `/v1/messages/${first.id}/retry`);
  // The sweep would look after 30 s.
  expect((await stack.rest(second.id, 15_000)).state).toBe('delivered');
}, 60_000);
