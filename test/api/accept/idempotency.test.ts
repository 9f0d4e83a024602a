import { makeDestinations, errorsOf, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await makeDestinations(api, ['orders', 'leaving']);
});
afterAll(() => api.close());

const post = (body: unknown, key?: string) =>
  api.call('POST', '/v1/messages', { body, ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }) });

test('answers with the first message when the same key and body are sent again', async () => {
  const body = { text: 'hi', destinations: ['orders'], labels: { a: '1', b: '2' } };
  const first = await post(body, 'k-same');
  const again = await post(body, 'k-same');
  expect(first).toMatchObject({ status: 202, body: { duplicate: false } });
  expect(again).toMatchObject({ status: 202, body: { ...first.body, duplicate: true } });
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
});

test('treats bodies as equal that differ only in the order of keys, white space and escapes', async () => {
  const first = await post('{"text":"é","labels":{"a":"1","b":"2"}}', 'k-canonical');
  const again = await post('{ "labels": {"b":"2", "a":"1"},\n "text": "\\u00e9" }', 'k-canonical');
  expect(again.body).toMatchObject({ id: first.body.id, duplicate: true });
});

test('answers 409 and names the first message when a key is used with another body', async () => {
  const first = await post({ text: 'one' }, 'k-conflict');
  const answer = await post({ text: 'two' }, 'k-conflict');
  expect(answer).toMatchObject({ status: 409, body: { code: 'idempotency_conflict', id: first.body.id } });
  expect(answer.body.detail).toContain(first.body.id);
});

test('shows the current state of the first message in the answer to a repeated request', async () => {
  const body = { text: 'hi', destinations: ['orders'] };
  const first = await post(body, 'k-state');
  await api.call('POST', `/v1/messages/${first.body.id}/cancel`);
  expect((await post(body, 'k-state')).body).toMatchObject({
    duplicate: true,
    state: 'cancelled',
    deliveries: [{ id: first.body.deliveries[0].id, state: 'cancelled' }],
  });
});

test('treats id in the body as the same key as the header, and not as part of the message', async () => {
  const first = await post({ text: 'hi', id: 'k-id' });
  expect((await post({ text: 'hi' }, 'k-id')).body).toMatchObject({ id: first.body.id, duplicate: true });
  expect((await post({ text: 'hi', id: 'k-id' }, 'k-id')).body).toMatchObject({ id: first.body.id, duplicate: true });
  expect((await api.call('GET', `/v1/messages/${first.body.id}`)).body.dedupeKey).toBe('k-id');
});

test('answers 422 when the header and the body have different keys', async () => {
  const answer = await post({ text: 'hi', id: 'k-a' }, 'k-b');
  expect(errorsOf(answer)).toEqual(['/id different_keys']);
});

test.each([
  ['256 characters', 'k'.repeat(256)],
  ['other than ASCII', 'k\u00fc'],
])('answers 422 to an idempotency key that is not valid: %s', async (_what, key) => {
  const answer = await post({ text: 'hi' }, key);
  expect(errorsOf(answer)).toEqual(['Idempotency-Key pattern']);
});

test('accepts a key of 255 characters, which does not become part of the workflow id', async () => {
  const { body } = await post({ text: 'hi' }, 'k'.repeat(255));
  const { workflowId } = (await api.call('GET', `/v1/messages/${body.id}`)).body;
  expect(workflowId).toMatch(/^default:[0-9a-f]{64}$/);
});

test('stores a new message for each request without a key', async () => {
  const [one, two] = await Promise.all([post({ text: 'hi' }), post({ text: 'hi' })]);
  expect(one.body.id).not.toBe(two.body.id);
});

test('stores one message when fifty requests with the same key arrive at once', async () => {
  const body = { text: 'hi', destinations: ['orders'], conversation: 'crowd' };
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(body, 'k-crowd')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
  expect(answers.filter((answer) => answer.body.duplicate === false)).toHaveLength(1);
  const [row] = await api.sql`select count(*)::integer as deliveries from deliveries where lane = 'crowd'`;
  expect(row).toEqual({ deliveries: 1 });
});

test('stores one message and refuses the other body when fifty requests share one key', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => post({ text: `text ${n % 2}` }, 'k-two')));
  const accepted = answers.filter(({ status }) => status === 202);
  expect(new Set(accepted.map((answer) => answer.body.id)).size).toBe(1);
  expect(accepted).toHaveLength(25);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(25);
});

test('answers a repeated request even when its destination was deleted meanwhile', async () => {
  const body = { text: 'hi', destinations: ['leaving'] };
  const first = await post(body, 'k-gone');
  await api.call('POST', `/v1/messages/${first.body.id}/cancel`);
  expect((await api.call('DELETE', '/v1/destinations/leaving')).status).toBe(204);
  expect((await post(body, 'k-gone')).body).toMatchObject({ id: first.body.id, duplicate: true });
  expect((await post({ ...body, text: 'ho' }, 'k-gone')).status).toBe(409);
  expect((await post(body, 'k-gone-too')).status).toBe(422);
});

describe('an idempotency key that has expired', () => {
  const expire = (id: string) =>
    api.sql`update dedupe set expires_at = clock_timestamp() - interval '1 s' where message = ${id}`;

  test('makes a new message with another workflow id when the first message is final', async () => {
    const first = await post({ text: 'hi' }, 'k-expired');
    await expire(first.body.id);
    const second = await post({ text: 'ho' }, 'k-expired');
    expect(second.body).toMatchObject({ duplicate: false });
    expect(second.body.id).not.toBe(first.body.id);
    const ids = await Promise.all(
      [first, second].map(async ({ body }) => (await api.call('GET', `/v1/messages/${body.id}`)).body.workflowId),
    );
    expect(ids[1]).toBe(`${ids[0]}.2`);
  });

  test('still finds the first message while that message is under way', async () => {
    const first = await post({ text: 'hi', destinations: ['orders'] }, 'k-open');
    await expire(first.body.id);
    expect((await post({ text: 'hi', destinations: ['orders'] }, 'k-open')).body).toMatchObject({
      id: first.body.id,
      duplicate: true,
    });
  });

  test('makes a new message even when the plan in memory is out of date', async () => {
    const first = await post({ text: 'hi' }, 'k-behind');
    await expire(first.body.id);
    await api.sql`update config_versions set version = version + 1`;
    expect((await post({ text: 'hi' }, 'k-behind')).body).toMatchObject({ duplicate: false });
  });
});
