import { errorsOf, makeDestinations, secret, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await makeDestinations(api, []);
  const settings = { botToken: 'xoxb-12345678-abc' };
  await api.call('PUT', '/v1/connections/acme', { body: { connector: 'slack', settings } });
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.sql`truncate destinations, deliveries, messages cascade`;
});

const orders = { id: 'orders', connection: 'hooks', address: { url: 'http://127.0.0.1:9100/in' } };
const post = (body: unknown) => api.call('POST', '/v1/destinations', { body });
const put = (id: string, body: unknown) => api.call('PUT', `/v1/destinations/${id}`, { body });
const policyOf = async (destination: string): Promise<unknown> => {
  const body = { text: 'hi', destinations: [destination] };
  const { deliveries } = (await api.call('POST', '/v1/messages', { body })).body;
  const [row] = await api.sql`select policy, timeout_ms from deliveries where id = ${deliveries[0].id}`;
  return row;
};

test('creates a destination with the default policies', async () => {
  const answer = await post(orders);
  expect(answer).toMatchObject({
    status: 201,
    body: {
      ...orders,
      retry: 'thirty-minutes',
      order: 'conversation',
      ambiguous: 'at-least-once',
      timeout: '10s',
      onParked: 'hold',
      holdFor: '5m',
    },
  });
  expect(answer.headers.get('location')).toBe('/v1/destinations/orders');
});

test('makes an id for a destination that has none', async () => {
  const { id: _, ...body } = orders;
  expect((await post(body)).body.id).toMatch(/^dst_[0-9a-hjkmnp-tv-z]{26}$/);
});

test('shows every field of a destination as it was set, and accepts it back unchanged', async () => {
  const full = {
    ...orders,
    retry: 'quick',
    order: 'none',
    ambiguous: 'at-most-once',
    timeout: '1500ms',
    onParked: 'pass',
    holdFor: 'forever',
    rate: { limit: 10, per: '1s', burst: 2 },
  };
  const { body } = await post(full);
  expect(body).toMatchObject(full);
  const again = await put('orders', body);
  expect(again.status).toBe(200);
  expect({ ...again.body, updatedAt: body.updatedAt }).toEqual(body);
});

test('resets the fields that a PUT of a destination leaves out to their defaults', async () => {
  await post({ ...orders, retry: 'quick', order: 'none', timeout: '20s' });
  expect((await put('orders', orders)).body).toMatchObject({
    retry: 'thirty-minutes',
    order: 'conversation',
    timeout: '10s',
  });
});

test('creates a destination with PUT when there is none, even after it was deleted', async () => {
  expect((await put('orders', orders)).status).toBe(201);
  expect((await api.call('DELETE', '/v1/destinations/orders')).status).toBe(204);
  expect((await api.call('GET', '/v1/destinations/orders')).status).toBe(404);
  expect((await api.call('GET', '/v1/destinations')).body.data).toEqual([]);
  expect((await put('orders', orders)).status).toBe(201);
});

test('accepts the id of a deleted destination in a POST, and refuses the id of an existing one', async () => {
  await post(orders);
  expect(await post(orders)).toMatchObject({ status: 409, body: { code: 'already_exists', id: 'orders' } });
  await api.call('DELETE', '/v1/destinations/orders');
  expect((await post(orders)).status).toBe(201);
});

test('stores the policy of the given name and the time-out with each delivery', async () => {
  await post({ ...orders, retry: 'quick', timeout: '2s' });
  expect(await policyOf('orders')).toMatchObject({
    policy: { name: 'quick', maxAttempts: 5, deadlineMs: 90_000 },
    timeout_ms: 2_000,
  });
});

test('completes a retry policy of its own from the default, without a deadline unless one is given', async () => {
  await post({ ...orders, retry: { initialInterval: '250ms', maxAttempts: 3 } });
  expect(await policyOf('orders')).toMatchObject({
    policy: {
      name: 'custom',
      initialIntervalMs: 250,
      multiplier: 2,
      maxIntervalMs: 1_800_000,
      maxAttempts: 3,
      deadlineMs: null,
    },
  });
});

test('checks the address of a destination by the fields of its connector', async () => {
  expect(errorsOf(await post({ id: 'x', connection: 'hooks' }))).toEqual(['/address/url required']);
  expect(errorsOf(await post({ id: 'x', connection: 'acme', address: { channel: '#ops' } }))).toEqual([
    '/address/channel pattern',
  ]);
  expect((await post({ id: 'x', connection: 'acme', address: { channel: 'C0OPS' } })).status).toBe(201);
});

test.each([
  [{ connection: 'nope' }, 'unknown_connection', ['/connection unknown_connection']],
  [{ connection: 'NOT AN ID' }, 'unknown_connection', ['/connection unknown_connection']],
  [{ connection: undefined }, 'invalid', ['/connection required']],
  [{ id: 'Orders' }, 'invalid', ['/id pattern']],
  [{ address: { url: 'ftp://x' } }, 'invalid', ['/address/url invalid_url']],
  [{ address: { url: 'http://x', verb: 'PUT' } }, 'invalid', ['/address/verb unknown_field']],
  [{ timeout: '99ms' }, 'invalid', ['/timeout invalid_value']],
  [{ timeout: '61s' }, 'invalid', ['/timeout invalid_value']],
  [{ timeout: 10 }, 'invalid', ['/timeout wrong_type']],
  [{ timeout: 'soon' }, 'invalid', ['/timeout pattern']],
  [{ order: 'any' }, 'invalid', ['/order invalid_value']],
  [{ ambiguous: 'maybe' }, 'invalid', ['/ambiguous invalid_value']],
  [{ retry: 'slowly' }, 'invalid', ['/retry invalid_value']],
  [{ retry: 5 }, 'invalid', ['/retry wrong_type']],
  [{ retry: { attempts: 3 } }, 'invalid', ['/retry/attempts unknown_field']],
  [{ retry: { initialInterval: 'soon' } }, 'invalid', ['/retry/initialInterval pattern']],
  [{ retry: { initialInterval: '1h' } }, 'invalid', ['/retry/initialInterval invalid_value']],
  [{ retry: { initialInterval: '0s' } }, 'invalid', ['/retry/initialInterval invalid_value']],
  [{ retry: { deadline: '31d' } }, 'invalid', ['/retry/deadline invalid_value']],
  [{ retry: { deadline: '1s' } }, 'invalid', ['/retry/deadline invalid_value']],
  [{ retry: { maxAttempts: 0 } }, 'invalid', ['/retry/maxAttempts invalid_value']],
  [{ retry: { multiplier: 0.5 } }, 'invalid', ['/retry/multiplier invalid_value']],
  [{ rate: { limit: 10, per: '2d' } }, 'invalid', ['/rate/per invalid_value']],
  [{ onParked: 'wait' }, 'invalid', ['/onParked invalid_value']],
  [{ holdFor: 'for ever' }, 'invalid', ['/holdFor pattern']],
  [
    { connection: 'acme', address: { channel: 'C0OPS', user: 'ann@example.com' } },
    'not_yet_supported',
    ['/address/user not_yet_supported'],
  ],
])('answers 422 to a destination with %j, with the code %s and the paths %j', async (change, code, errors) => {
  const answer = await post({ ...orders, ...change });
  expect(answer).toMatchObject({ status: 422, body: { code } });
  expect(errorsOf(answer)).toEqual(errors);
});

test('refuses the field group of a destination as not supported yet, without further errors', async () => {
  expect(errorsOf(await post({ id: 'on-call', group: ['a', 'b'] }))).toEqual(['/group not_yet_supported']);
});

test('refuses to delete a destination while deliveries to it are under way', async () => {
  await post(orders);
  const { body } = await api.call('POST', '/v1/messages', { body: { text: 'hi', destinations: ['orders'] } });
  expect(await api.call('DELETE', '/v1/destinations/orders')).toMatchObject({
    status: 409,
    body: { code: 'in_use', id: 'orders' },
  });
  await api.call('POST', `/v1/messages/${body.id}/cancel`);
  expect((await api.call('DELETE', '/v1/destinations/orders')).status).toBe(204);
  expect((await api.call('DELETE', '/v1/destinations/orders')).status).toBe(404);
  expect((await api.call('GET', `/v1/messages/${body.id}`)).body.deliveries[0].destination).toBe('orders');
});

test('creates one destination when the same id is sent twenty times at once', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(orders)));
  const made = answers.filter(({ status }) => status === 201);
  const refused = answers.filter(({ status }) => status === 409);
  expect([made.length, refused.length]).toEqual([1, 19]);
});

test('lists destinations by id, in pages', async () => {
  for (const id of ['c', 'a', 'b']) await put(id, { ...orders, id });
  const first = (await api.call('GET', '/v1/destinations?limit=2')).body;
  const second = (await api.call('GET', `/v1/destinations?limit=2&cursor=${first.nextCursor}`)).body;
  expect([first, second].map(({ data }) => data.map(({ id }: { id: string }) => id))).toEqual([['a', 'b'], ['c']]);
});

test('refuses a URL with a password as the address of a destination, and does not repeat it in the error', async () => {
  const answer = await post({ ...orders, address: { url: `http://user:${secret}@127.0.0.1/` } });
  expect(errorsOf(answer)).toEqual(['/address/url invalid_url']);
  expect(JSON.stringify(answer.body)).not.toContain(secret);
});
