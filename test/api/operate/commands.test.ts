import { claimOnce, deliverOnce, failOnce } from '../ledger-steps.ts';
import { untilSomebodyWaits } from '../lock-wait.ts';
import { errorsOf, makeDestinations, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await makeDestinations(api, ['orders', 'ops']);
});
afterAll(() => api.close());
beforeEach(() => {
  api.runs.isAway = false;
  api.runs.isSilent = false;
  api.runs.commands.length = 0;
});

const post = async (destinations: string[]) =>
  (await api.call('POST', '/v1/messages', { body: { text: 'hi', destinations } })).body;

test('starts a new retry cycle for a parked delivery, and stores it before the run is woken', async () => {
  const { deliveries } = await post(['orders']);
  const [{ id }] = deliveries;
  await failOnce(api.sql, id, 'parked');
  const pokes = api.pokes();
  const answer = await api.call('POST', `/v1/deliveries/${id}/retry`);
  expect(answer).toMatchObject({
    status: 202,
    body: { id, state: 'queued', attempts: 1, maxAttempts: 9, settledAt: null },
  });
  expect(answer.body).not.toHaveProperty('reason');
  expect(api.runs.commands).toEqual([{ kind: 'retry', deliveries: [id], by: 'admin' }]);
  expect(api.pokes()).toBe(pokes + 1);
});

test("keeps to the platform's Retry-After on a retry, and says when the next attempt is", async () => {
  const [{ id }] = (await post(['orders'])).deliveries;
  await failOnce(api.sql, id, 'retrying');
  await api.sql`update deliveries set not_before = clock_timestamp() + interval '1 hour' where id = ${id}`;
  const { body } = await api.call('POST', `/v1/deliveries/${id}/retry`);
  expect(Date.parse(body.nextAttemptAt) - Date.now()).toBeGreaterThan(3_500_000);
});

test('retries the deliveries of a message that can be retried, and shows all of its deliveries', async () => {
  const { id, deliveries } = await post(['orders', 'ops']);
  await deliverOnce(api.sql, deliveries[0].id);
  await failOnce(api.sql, deliveries[1].id, 'uncertain');
  expect(await api.call('POST', `/v1/messages/${id}/retry`)).toMatchObject({
    status: 202,
    body: {
      data: [
        { id: deliveries[0].id, state: 'delivered' },
        { id: deliveries[1].id, state: 'queued' },
      ],
    },
  });
  expect(api.runs.commands).toEqual([{ kind: 'retry', deliveries: [deliveries[1].id], by: 'admin' }]);
});

test('stores and answers a command while Temporal is away, and logs the failure to wake the run', async () => {
  api.runs.isAway = true;
  const [{ id }] = (await post(['orders'])).deliveries;
  await failOnce(api.sql, id, 'parked');
  expect(await api.call('POST', `/v1/deliveries/${id}/retry`)).toMatchObject({
    status: 202,
    body: { state: 'queued' },
  });
  expect(api.log.join('')).toContain('no run was woken');
  const [row] =
    await api.sql`select due_at < clock_timestamp() + interval '30 s' as soon from deliveries where id = ${id}`;
  expect(row).toEqual({ soon: true });
});

test('delays the answer to a command by at most a second when Temporal does not answer', async () => {
  api.runs.isSilent = true;
  const [{ id }] = (await post(['orders'])).deliveries;
  const start = performance.now();
  expect((await api.call('POST', `/v1/deliveries/${id}/cancel`)).status).toBe(202);
  expect(performance.now() - start).toBeLessThan(1_500);
});

test('answers 409 with the current state when there is nothing to retry', async () => {
  const { id, deliveries } = await post(['orders']);
  for (const path of [`/v1/messages/${id}`, `/v1/deliveries/${deliveries[0].id}`]) {
    const answer = await api.call('POST', `${path}/retry`);
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'not_retryable', detail: expect.stringContaining('queued') },
    });
  }
  expect(api.runs.commands).toEqual([]);
});

test('answers 409 to a retry or cancel of a message without deliveries', async () => {
  const { body } = await api.call('POST', '/v1/messages', { body: { text: 'hi' } });
  expect(await api.call('POST', `/v1/messages/${body.id}/retry`)).toMatchObject({
    status: 409,
    body: { code: 'not_retryable' },
  });
  expect(await api.call('POST', `/v1/messages/${body.id}/cancel`)).toMatchObject({
    status: 409,
    body: { code: 'not_cancellable' },
  });
});

test('cancels deliveries that wait, and answers 409 to a second cancel', async () => {
  const { id, deliveries } = await post(['orders', 'ops']);
  expect(await api.call('POST', `/v1/deliveries/${deliveries[0].id}/cancel`)).toMatchObject({
    status: 202,
    body: { state: 'cancelled', reason: { code: 'cancelled' } },
  });
  expect((await api.call('POST', `/v1/messages/${id}/cancel`)).body.data).toMatchObject([
    { state: 'cancelled' },
    { state: 'cancelled' },
  ]);
  expect(api.runs.commands.map(({ deliveries: woken }) => woken)).toEqual([[deliveries[0].id], [deliveries[1].id]]);
  expect(await api.call('POST', `/v1/messages/${id}/cancel`)).toMatchObject({
    status: 409,
    body: { code: 'not_cancellable' },
  });
  expect((await api.call('GET', `/v1/messages/${id}`)).body.state).toBe('cancelled');
});

test('notes a cancel of a delivery that is being sent, without interrupting it', async () => {
  const [{ id }] = (await post(['orders'])).deliveries;
  await claimOnce(api.sql, id);
  expect(await api.call('POST', `/v1/deliveries/${id}/cancel`)).toMatchObject({
    status: 202,
    body: { state: 'sending' },
  });
});

test('reports a delivery as delivered when it arrived while the cancel waited for the lock', async () => {
  const [{ id }] = (await post(['orders'])).deliveries;
  const token = await claimOnce(api.sql, id);
  let cancel: Promise<{ status: number; body: { detail?: string } }> | undefined;
  await api.sql.begin(async (tx) => {
    await tx`update deliveries set state = 'delivered', claim_token = null, due_at = null where claim_token = ${token}`;
    cancel = api.call('POST', `/v1/deliveries/${id}/cancel`);
    await untilSomebodyWaits(api); // so that the commit comes after the cancel has begun to wait
  });
  expect(await cancel).toMatchObject({ status: 409, body: { detail: expect.stringContaining('delivered') } });
});

test.each([
  ['nothing at all', {}],
  ['an empty body with a type', { body: '' }],
  ['an empty object', { body: {} }],
  ['null', { body: 'null' }],
  ['a reason', { body: { reason: 'disk was full' } }],
])('accepts a command with %s', async (_what, options) => {
  const [{ id }] = (await post(['orders'])).deliveries;
  expect((await api.call('POST', `/v1/deliveries/${id}/cancel`, options)).status).toBe(202);
});

test.each([
  [{ why: 'x' }, ['/why unknown_field']],
  [{ reason: 5 }, ['/reason wrong_type']],
  [[], [' wrong_type']],
])('answers 422 to a command with %j', async (body, errors) => {
  const [{ id }] = (await post(['orders'])).deliveries;
  expect(errorsOf(await api.call('POST', `/v1/deliveries/${id}/cancel`, { body }))).toEqual(errors);
});

test('answers 404 to a command for a message or delivery that does not exist', async () => {
  for (const path of [
    '/v1/messages/msg_01m821ja90eskaf0f8jas8zfxd',
    '/v1/deliveries/dlv_01m821ja90eskaf0f8jas8zfxd',
    '/v1/deliveries/x',
  ])
    for (const kind of ['retry', 'cancel']) expect((await api.call('POST', `${path}/${kind}`)).status).toBe(404);
});
