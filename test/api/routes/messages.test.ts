import { deliverOnce, failOnce } from '../ledger-steps.ts';
import { makeDestinations, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await makeDestinations(api, ['orders', 'ops']);
});
afterAll(() => api.close());

const post = async (body: object) => (await api.call('POST', '/v1/messages', { body: { text: 'hi', ...body } })).body;
const get = async (path: string) => (await api.call('GET', path)).body;

test('shows the receipt, the number of attempts and the timeline of a delivered message', async () => {
  const { id, deliveries } = await post({ destinations: ['orders'] });
  await failOnce(api.sql, deliveries[0].id, 'retrying');
  expect(await get(`/v1/messages/${id}`)).toMatchObject({
    state: 'delivering',
    deliveries: [
      {
        state: 'retrying',
        attempts: 1,
        nextAttemptAt: expect.stringMatching(/Z$/),
        reason: { code: 'http_500', status: 500 },
        intent: { deadline: expect.stringMatching(/Z$/) },
      },
    ],
    timeline: { firstAttempt: expect.stringMatching(/Z$/), delivered: null },
  });
  await api.sql`update deliveries set not_before = null where id = ${deliveries[0].id}`;
  await deliverOnce(api.sql, deliveries[0].id);
  const message = await get(`/v1/messages/${id}`);
  expect(message).toMatchObject({
    state: 'delivered',
    deliveries: [
      {
        state: 'delivered',
        attempts: 2,
        nextAttemptAt: null,
        receipt: {
          nativeId: '1700000000.000100',
          url: 'https://example.com/p1',
          version: 1,
          at: expect.stringMatching(/Z$/),
        },
      },
    ],
  });
  expect(message.deliveries[0]).not.toHaveProperty('reason');
  expect(message.timeline.delivered).toBe(message.timeline.rested);
  const { accepted, firstAttempt, delivered } = message.timeline;
  expect(accepted < firstAttempt && firstAttempt < delivered).toBe(true);
});

test('shows a message that failed in part as partial, and when it came to rest', async () => {
  const { id, deliveries } = await post({ destinations: ['orders', 'ops'] });
  await deliverOnce(api.sql, deliveries[0].id);
  await failOnce(api.sql, deliveries[1].id, 'parked', 'http_404');
  expect(await get(`/v1/messages/${id}`)).toMatchObject({
    state: 'partial',
    deliveries: [
      { state: 'delivered' },
      { state: 'parked', reason: { code: 'http_404', message: expect.any(String) } },
    ],
    timeline: { delivered: null, rested: expect.stringMatching(/Z$/) },
  });
});

test('still shows a message whose content was erased', async () => {
  const { id } = await post({ sender: { name: 'Ann' } });
  expect(await get(`/v1/messages/${id}`)).not.toHaveProperty('contentErasedAt');
  await api.sql`update contents set sealed = null, erased_at = clock_timestamp() where message = ${id}`;
  const erased = { id, content: null, sender: null, contentErasedAt: expect.stringMatching(/Z$/) };
  expect(await get(`/v1/messages/${id}`)).toMatchObject(erased);
});

describe('the list of messages', () => {
  let ids: string[];
  beforeAll(async () => {
    ids = [];
    for (let n = 0; n < 7; n += 1)
      ids.unshift((await post({ conversation: 'listed', source: `s${n % 2}`, correlationId: `c${n}` })).id);
  });

  test('shows the newest message first, without content', async () => {
    const { data, nextCursor } = await get('/v1/messages?conversation=listed');
    expect(data.map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(nextCursor).toBeNull();
    expect(data[0]).not.toHaveProperty('content');
    expect(data[0]).not.toHaveProperty('sender');
  });

  test('continues by cursor, and messages that are added meanwhile change no page', async () => {
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 4; page += 1) {
      const answer = await get(`/v1/messages?conversation=listed&limit=2${cursor}`);
      seen.push(...answer.data.map(({ id }: { id: string }) => id));
      expect(answer.data).toHaveLength(page < 3 ? 2 : 1);
      if (page === 3) expect(answer.nextCursor).toBeNull();
      cursor = `&cursor=${answer.nextCursor}`;
      await post({ conversation: 'listed', source: 'late' });
    }
    expect(seen).toEqual(ids);
  });

  test('filters by source, correlation id, state, destination and time', async () => {
    const list = async (query: string) => (await get(`/v1/messages?${query}`)).data.map(({ id }: { id: string }) => id);
    expect(await list('conversation=listed&source=s1')).toHaveLength(3);
    expect(await list('correlationId=c3')).toEqual([ids[3]]);
    expect(await list('conversation=listed&state=delivered&state=partial')).toEqual([]);
    expect(await list('conversation=listed&state=unrouted&limit=200')).toEqual(expect.arrayContaining(ids));
    const { id } = await post({ destinations: ['ops'] });
    expect((await list('destination=ops'))[0]).toBe(id);
    const { receivedAt } = await get(`/v1/messages/${ids[3]}`);
    expect(await list(`conversation=listed&until=${encodeURIComponent(receivedAt)}`)).toEqual(ids.slice(4));
    expect(await list(`conversation=listed&source=s0&since=${receivedAt}`)).not.toContain(ids[4]);
  });

  test('refuses cursors that it did not give', async () => {
    const { nextCursor } = await get('/v1/messages?conversation=listed&limit=1');
    for (const cursor of [
      `${nextCursor}x`,
      nextCursor.slice(1),
      Buffer.from('messages:1').toString('base64url'),
      '%27',
    ])
      expect((await api.call('GET', `/v1/messages?cursor=${cursor}`)).status).toBe(422);
    expect((await api.call('GET', `/v1/deliveries?cursor=${nextCursor}`)).status).toBe(422);
  });
});

test('answers 404 for a message of another tenant', async () => {
  const { id, deliveries } = await post({ destinations: ['orders'] });
  await api.sql`update messages set tenant = 'other' where id = ${id}`;
  await api.sql`update deliveries set tenant = 'other' where message = ${id}`;
  const paths = [
    `/v1/messages/${id}`,
    `/v1/deliveries/${deliveries[0].id}`,
    `/v1/deliveries/${deliveries[0].id}/attempts`,
  ];
  for (const path of paths) expect((await api.call('GET', path)).status).toBe(404);
  for (const path of paths.slice(0, 2)) expect((await api.call('POST', `${path}/cancel`)).status).toBe(404);
  expect((await get(`/v1/deliveries?message=${id}`)).data).toEqual([]);
});
