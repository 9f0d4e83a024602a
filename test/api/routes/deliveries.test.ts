import { claimOnce, deliverOnce, failOnce } from '../ledger-steps.ts';
import { makeDestinations, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await makeDestinations(api, ['orders', 'ops']);
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.sql`truncate messages, contents, deliveries, attempts, dedupe, events cascade`;
});

const post = async (destinations: string[], more: object = {}): Promise<string[]> => {
  const { body } = await api.call('POST', '/v1/messages', { body: { text: 'hi', destinations, ...more } });
  return body.deliveries.map(({ id }: { id: string }) => id);
};
const get = async (path: string) => (await api.call('GET', path)).body;
const ids = ({ data }: { data: { id: string }[] }) => data.map(({ id }) => id);

test('shows the message, conversation and workflow id of a single delivery', async () => {
  const [id = ''] = await post(['orders'], { conversation: 'c-1' });
  const delivery = await get(`/v1/deliveries/${id}`);
  const message = await get(`/v1/messages/${delivery.message}`);
  expect(delivery).toMatchObject({
    ...message.deliveries[0],
    conversation: 'c-1',
    workflowId: message.workflowId,
    settledAt: null,
  });
});

test('lists deliveries, newest first, filtered by state, destination, message and conversation', async () => {
  const [one = '', two = ''] = await post(['orders', 'ops'], { conversation: 'c-1' });
  const [three = ''] = await post(['orders']);
  await failOnce(api.sql, one, 'parked');
  await failOnce(api.sql, three, 'uncertain');
  expect(ids(await get('/v1/deliveries'))).toEqual([three, two, one]);
  expect(ids(await get('/v1/deliveries?state=parked&state=uncertain'))).toEqual([three, one]);
  expect(ids(await get('/v1/deliveries?state=queued'))).toEqual([two]);
  expect(ids(await get('/v1/deliveries?destination=ops'))).toEqual([two]);
  expect(ids(await get('/v1/deliveries?conversation=c-1'))).toEqual([two, one]);
  const { message } = await get(`/v1/deliveries/${one}`);
  expect(ids(await get(`/v1/deliveries?message=${message}&state=parked`))).toEqual([one]);
});

test('lists deliveries in pages', async () => {
  const all = [...(await post(['orders', 'ops'])), ...(await post(['orders']))].reverse();
  const first = await get('/v1/deliveries?limit=2');
  const second = await get(`/v1/deliveries?limit=2&cursor=${first.nextCursor}`);
  expect([ids(first), ids(second), second.nextCursor]).toEqual([all.slice(0, 2), all.slice(2), null]);
});

test('lists the attempts of a delivery in order, with the answers of the platform', async () => {
  const [id = ''] = await post(['orders']);
  await failOnce(api.sql, id, 'retrying');
  await api.sql`update deliveries set not_before = null where id = ${id}`;
  await deliverOnce(api.sql, id);
  const { data, nextCursor } = await get(`/v1/deliveries/${id}/attempts`);
  expect(nextCursor).toBeNull();
  expect(data).toMatchObject([
    {
      number: 1,
      trigger: 'auto',
      outcome: 'transient',
      code: 'http_500',
      status: 500,
      message: 'The platform answered 500.',
      excerpt: '<html>',
      retryAfterMs: 1000,
      durationMs: expect.any(Number),
      worker: 'test-worker',
    },
    { number: 2, outcome: 'delivered', status: 200, late: false },
  ]);
  expect(data[1]).not.toHaveProperty('code');
  const first = await get(`/v1/deliveries/${id}/attempts?limit=1`);
  const second = await get(`/v1/deliveries/${id}/attempts?limit=1&cursor=${first.nextCursor}`);
  expect([...first.data, ...second.data]).toEqual(data);
});

test('shows an attempt that is under way without an end', async () => {
  const [id = ''] = await post(['orders']);
  await claimOnce(api.sql, id);
  expect((await get(`/v1/deliveries/${id}/attempts`)).data).toMatchObject([
    { endedAt: null, durationMs: null, outcome: null },
  ]);
  expect(await get(`/v1/deliveries/${id}`)).toMatchObject({ state: 'sending', attempts: 1, nextAttemptAt: null });
});

test('counts the deliveries that need an operator, by destination and reason', async () => {
  const made: string[] = [];
  for (let n = 0; n < 3; n += 1) made.push(...(await post(['orders'])));
  const [ops = '', doubtful = ''] = [...(await post(['ops'])), ...(await post(['ops']))];
  for (const id of made) await failOnce(api.sql, id, 'parked', 'http_404');
  await failOnce(api.sql, ops, 'parked', 'http_404');
  await failOnce(api.sql, doubtful, 'uncertain', 'timeout');
  await api.sql`update deliveries set settled_at = clock_timestamp() - interval '1 hour' where id = ${made[1] ?? ''}`;
  const { data } = await get('/v1/deliveries/summary');
  expect(data).toMatchObject([
    { destination: 'orders', state: 'parked', reason: 'http_404', count: 3 },
    { destination: 'ops', state: 'parked', reason: 'http_404', count: 1 },
    { destination: 'ops', state: 'uncertain', reason: 'timeout', count: 1 },
  ]);
  expect(data[0].oldestAgeSeconds).toBeGreaterThanOrEqual(3_600);
  expect(data[1].oldestAgeSeconds).toBeLessThan(60);
});
