import { claimOnce, deliverOnce, failOnce } from '../ledger-steps.ts';
import { errorsOf, makeDestinations, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await makeDestinations(api, ['orders', 'ops']);
});
afterAll(() => api.close());
beforeEach(() => {
  api.runs.isAway = false;
  api.runs.commands.length = 0;
});

const post = async (more: object = {}) =>
  (await api.call('POST', '/v1/messages', { body: { text: 'one', destinations: ['orders'], ...more } })).body;
const get = async (id: string) => (await api.call('GET', `/v1/messages/${id}`)).body;
const edit = (id: string, body: object, headers = {}) => api.call('PATCH', `/v1/messages/${id}`, { body, headers });
const remove = (id: string) => api.call('DELETE', `/v1/messages/${id}`);

test('answers an edit like a new message, and shows its text on it and the newest one on the original', async () => {
  const { id, deliveries } = await post({ class: 'must', labels: { team: 'core' }, conversation: 'c-1' });
  await deliverOnce(api.sql, deliveries[0].id);
  const pokes = api.pokes();
  const first = await edit(id, { text: 'two' });
  expect(first).toMatchObject({
    status: 202,
    body: { state: 'accepted', duplicate: false, deliveries: [{ destination: 'orders', state: 'queued' }] },
  });
  expect(first.headers.get('location')).toBe(`/v1/messages/${first.body.id}`);
  expect(api.pokes()).toBe(pokes + 1);
  await edit(id, { content: { text: 'three', fields: { n: 3 } }, sender: { name: 'Ann' } });
  expect(await get(first.body.id)).toMatchObject({
    type: 'message.edited',
    refersTo: id,
    version: 2,
    class: 'must',
    conversation: 'c-1',
    sequence: 2,
    labels: { team: 'core' },
    content: { text: 'two' },
    sender: null,
    deliveries: [{ action: 'edit', intent: { class: 'must', policy: 'three-days' } }],
  });
  expect(await get(id)).toMatchObject({
    type: 'message.created',
    version: 3,
    content: { text: 'three', fields: { n: 3 } },
    sender: { name: 'Ann' },
    deliveries: [{ action: 'create', state: 'delivered', receipt: { version: 1 } }],
  });
});

test('answers a repeated edit with the first one, and refuses its key with another text', async () => {
  const { id } = await post();
  const key = { 'idempotency-key': 'edit-1' };
  const first = await edit(id, { text: 'two' }, key);
  expect((await edit(id, { text: 'two' }, key)).body).toMatchObject({ id: first.body.id, duplicate: true });
  expect(await edit(id, { text: 'three' }, key)).toMatchObject({
    status: 409,
    body: { code: 'idempotency_conflict', id: first.body.id },
  });
  // The same key on another message is another key.
  const other = await post();
  expect((await edit(other.id, { text: 'three' }, key)).body.duplicate).toBe(false);
});

test.each([
  [{}, ['/text required']],
  [{ text: 'a', content: { text: 'b' } }, ['/text required']],
  [{ text: '' }, ['/text invalid_value']],
  [{ text: 'a', destinations: ['ops'] }, ['/destinations unknown_field']],
])('answers 422 to an edit with %j', async (body, errors) => {
  const { id } = await post();
  const answer = await edit(id, body);
  expect(answer.status).toBe(422);
  expect(errorsOf(answer)).toEqual(errors);
});

test('answers a repeated delete with the first one, and shows on the original since when it is deleted', async () => {
  const { id, deliveries } = await post();
  await deliverOnce(api.sql, deliveries[0].id);
  const first = await remove(id);
  expect(first).toMatchObject({ status: 202, body: { duplicate: false, deliveries: [{ destination: 'orders' }] } });
  expect(await remove(id)).toMatchObject({ status: 202, body: { id: first.body.id, duplicate: true } });
  expect(await get(id)).toMatchObject({ version: 1, deletedAt: expect.stringMatching(/Z$/), content: { text: 'one' } });
  expect(await get(first.body.id)).toMatchObject({ type: 'message.deleted', refersTo: id, content: null });
  expect(await edit(id, { text: 'two' })).toMatchObject({ status: 409, body: { code: 'deleted' } });
});

test('wakes the runs of deliveries that a delete stopped, and accepts the delete even when that fails', async () => {
  const { id, deliveries } = await post({ destinations: ['orders', 'ops'] });
  await claimOnce(api.sql, deliveries[0].id);
  const { body } = await remove(id);
  expect(body.deliveries).toMatchObject([{ destination: 'orders' }]);
  expect(api.runs.commands).toEqual([
    { kind: 'cancel', deliveries: deliveries.map((one: any) => one.id), by: 'admin' },
  ]);
  expect((await get(id)).deliveries).toMatchObject([
    { state: 'sending' },
    { state: 'cancelled', reason: { code: 'deleted' } },
  ]);
  api.runs.isAway = true;
  expect((await remove((await post()).id)).status).toBe(202);
});

test('refuses to retry a deleted message', async () => {
  const { id, deliveries } = await post({ destinations: ['orders', 'ops'] });
  await failOnce(api.sql, deliveries[0].id, 'parked');
  await failOnce(api.sql, deliveries[1].id, 'uncertain');
  await remove(id);
  for (const path of [`/v1/messages/${id}`, ...deliveries.map((one: any) => `/v1/deliveries/${one.id}`)])
    expect(await api.call('POST', `${path}/retry`)).toMatchObject({ status: 409, body: { code: 'not_retryable' } });
});

test('refuses an edit or delete of a change, and names the original message', async () => {
  const { id } = await post();
  const { body } = await edit(id, { text: 'two' });
  for (const answer of [await edit(body.id, { text: 'three' }), await remove(body.id)])
    expect(answer).toMatchObject({ status: 409, body: { code: 'deleted', id } });
});

test('answers 404 to an edit or delete of a message that does not exist', async () => {
  for (const id of ['msg_01m821ja90eskaf0f8jas8zfxd', 'x']) {
    expect((await edit(id, { text: 'two' })).status).toBe(404);
    expect((await remove(id)).status).toBe(404);
  }
});

test('shows the thread, class, sendAt and expiresAt of a message', async () => {
  const parent = await post();
  const inHours = (n: number) => new Date(Date.now() + n * 3_600_000).toISOString();
  const times = { sendAt: inHours(1), expiresAt: inHours(2) };
  const { id } = await post({ thread: parent.id, class: 'should', ...times });
  expect(await get(id)).toMatchObject({
    thread: parent.id,
    class: 'should',
    ...times,
    deliveries: [
      { state: 'queued', nextAttemptAt: times.sendAt, intent: { policy: 'one-day', expiresAt: times.expiresAt } },
    ],
  });
});
