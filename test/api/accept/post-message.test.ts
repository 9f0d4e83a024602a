import { readLedger } from '../../../src/store/ledger/ledger.ts';
import { errorsOf, makeDestinations, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await makeDestinations(api, ['orders', 'ops']);
});
afterAll(() => api.close());

const post = (body: unknown, headers: Record<string, string> = {}) =>
  api.call('POST', '/v1/messages', { body, headers });
const get = (id: string) => api.call('GET', `/v1/messages/${id}`);

test('accepts a message with one delivery for each destination, in the given order', async () => {
  const pokes = api.pokes();
  const answer = await post({ text: 'hi', destinations: ['ops', 'orders'] });
  expect(answer).toMatchObject({
    status: 202,
    body: {
      id: expect.stringMatching(/^msg_/),
      state: 'accepted',
      duplicate: false,
      deliveries: [
        { id: expect.stringMatching(/^dlv_/), destination: 'ops', state: 'queued' },
        { id: expect.stringMatching(/^dlv_/), destination: 'orders', state: 'queued' },
      ],
    },
  });
  expect(answer.headers.get('location')).toBe(`/v1/messages/${answer.body.id}`);
  expect(api.pokes()).toBe(pokes + 1);
});

test('shows every field of a message as it was sent', async () => {
  const sent = {
    content: { text: '**Disk full**', fields: { disk: { free: 0, path: '/' }, tags: ['a', null, 1.5] } },
    destinations: ['orders'],
    type: 'incident.opened',
    source: 'monitor/eu',
    conversation: 'inc-42 💥',
    sender: { name: 'Ann', email: 'ann@example.com', avatarUrl: 'https://example.com/a.png' },
    correlationId: 'corr-1',
    occurredAt: '2026-01-02T03:04:05.678+02:00',
    dataVersion: '7',
    priority: 'critical',
    labels: { team: 'core', 'k8s.io/name': 'db-3' },
  };
  const { body: accepted } = await post(sent);
  const { body } = await get(accepted.id);
  const { destinations: _, ...stored } = sent;
  expect(body).toMatchObject({
    ...stored,
    occurredAt: '2026-01-02T01:04:05.678Z',
    id: accepted.id,
    tenant: 'default',
    schemaVersion: '1',
    sequence: 1,
    dedupeKey: accepted.id,
    state: 'accepted',
    workflowId: expect.stringMatching(/^default:[0-9a-f]{64}$/),
    timeline: { accepted: body.receivedAt, dispatched: null, firstAttempt: null, delivered: null, rested: null },
    deliveries: [
      {
        id: accepted.deliveries[0].id,
        destination: 'orders',
        state: 'queued',
        attempts: 0,
        maxAttempts: 8,
        nextAttemptAt: null,
        late: false,
        doubled: false,
        intent: { via: 'request', class: null, policy: 'thirty-minutes', deadline: null, deadlineAfter: '45m' },
      },
    ],
  });
});

test('gives every field that is missing from a message its default', async () => {
  const { body: accepted } = await post({ text: 'hi' });
  const { body } = await get(accepted.id);
  expect(body).toMatchObject({
    content: { text: 'hi' },
    type: 'message.created',
    source: 'api',
    conversation: null,
    sequence: null,
    sender: null,
    correlationId: accepted.id,
    occurredAt: body.receivedAt,
    priority: 'normal',
    labels: {},
  });
});

test('stores a message without destinations as unrouted and does not poke the dispatcher', async () => {
  const pokes = api.pokes();
  const { body } = await post({ text: 'hi' });
  expect(body).toMatchObject({ state: 'unrouted', deliveries: [] });
  expect((await get(body.id)).body).toMatchObject({ state: 'unrouted', deliveries: [] });
  expect(api.pokes()).toBe(pokes);
});

test('numbers the messages of a conversation, and gives a destination without order no lane', async () => {
  await makeDestinations(api, ['loose'], { order: 'none' });
  const ids: string[] = [];
  for (const text of ['one', 'two', 'three'])
    ids.push((await post({ text, conversation: 'numbered', destinations: ['orders', 'loose'] })).body.id);
  const sequences = await Promise.all(ids.map(async (id) => (await get(id)).body.sequence));
  expect(sequences).toEqual([1, 2, 3]);
  const lanes = await api.sql`select destination, lane from deliveries where message = ${ids[0] ?? ''} order by id`;
  expect(lanes.map((lane) => [lane['destination'], lane['lane']])).toEqual([
    ['orders', 'numbered'],
    ['loose', null],
  ]);
});

test('encrypts the text in the database, and the ledger can decrypt it', async () => {
  const { body } = await post({ text: 'quite secret', sender: { name: 'Ann' }, destinations: ['orders'] });
  const [row] = await api.sql<{ sealed: Buffer }[]>`select sealed from contents where message = ${body.id}`;
  expect(row?.sealed.toString('latin1')).not.toMatch(/quite secret|Ann/);
  const [entry] = await readLedger(api.sql, api.ring, [body.deliveries[0].id]);
  expect(entry?.message).toMatchObject({ content: { text: 'quite secret' }, sender: { name: 'Ann' } });
});

test('refuses a message with an unknown destination, names it, and stores nothing', async () => {
  const before = await api.sql`select count(*) from messages`;
  const answer = await post(
    { text: 'hi', destinations: ['orders', 'nope', 'Bad Id'] },
    { 'idempotency-key': 'unknown-1' },
  );
  expect(answer).toMatchObject({ status: 422, body: { code: 'unknown_destination' } });
  expect(errorsOf(answer)).toEqual(['/destinations/1 unknown_destination', '/destinations/2 unknown_destination']);
  expect(answer.body.errors[0].message).toContain('"nope"');
  expect(await api.sql`select count(*) from messages`).toEqual(before);
  expect((await post({ text: 'hi', destinations: ['orders'] }, { 'idempotency-key': 'unknown-1' })).status).toBe(202);
});

test('accepts a message for a destination that another process created a moment ago', async () => {
  await api.sql`
    insert into destinations (tenant, id, connection, address, order_by, ambiguous, timeout_ms)
    values ('default', 'fresh', 'hooks', '{"url": "http://127.0.0.1:9/"}', 'none', 'at-least-once', 1000)`;
  await api.sql`update config_versions set version = version + 1`;
  expect((await post({ text: 'hi', destinations: ['fresh'] })).status).toBe(202);
});

test('plans a message from the current configuration and not from the one in memory', async () => {
  await makeDestinations(api, ['changing'], { retry: 'quick' });
  const first = await post({ text: 'hi', destinations: ['changing'] });
  // Written past the API, so its plan in memory is out of date.
  await api.sql`update destinations set retry = '"one-day"' where id = 'changing'`;
  await api.sql`update config_versions set version = version + 1`;
  const second = await post({ text: 'hi', destinations: ['changing'] });
  const policies = await Promise.all(
    [first, second].map(async ({ body }) => (await get(body.id)).body.deliveries[0].intent.policy),
  );
  expect(policies).toEqual(['quick', 'one-day']);
});

test('refuses a message for a destination right after it was deleted', async () => {
  await makeDestinations(api, ['gone']);
  expect((await post({ text: 'hi', destinations: ['orders'] })).status).toBe(202);
  await api.call('DELETE', '/v1/destinations/gone');
  expect((await post({ text: 'hi', destinations: ['gone'] })).status).toBe(422);
});

test.each([
  [{}, ['/text required']],
  [{ text: '' }, ['/text invalid_value']],
  [{ text: 'a', content: { text: 'a' } }, ['/content invalid_value']],
  [{ content: {} }, ['/content/text required']],
  [{ content: { text: 'a', fields: [] } }, ['/content/fields wrong_type']],
  [{ text: 'a', destinations: [] }, ['/destinations invalid_value']],
  [{ text: 'a', destinations: ['orders', 'orders'] }, ['/destinations invalid_value']],
  [{ text: 'a', destinations: Array.from({ length: 201 }, (_, n) => `d${n}`) }, ['/destinations invalid_value']],
  [{ text: 'a', conversation: 'c'.repeat(256) }, ['/conversation too_long']],
  [{ text: 'a', conversation: '' }, ['/conversation invalid_value']],
  [{ text: 'a', priority: 'urgent' }, ['/priority invalid_value']],
  [{ text: 'a', type: 'two words' }, ['/type pattern']],
  [{ text: 'a', type: 'carillon.delivery.parked' }, ['/type invalid_value']],
  [{ text: 'a', source: 'two words' }, ['/source pattern']],
  [{ text: 'a', labels: { n: 1 } }, ['/labels/n wrong_type']],
  [{ text: 'a', labels: { 'no spaces': 'x' } }, ['/labels/no spaces pattern']],
  [{ text: 'a', sender: { email: 'ann@example.com' } }, ['/sender/name required']],
  [{ text: 'a', sender: { name: 'Ann', email: 'ann' } }, ['/sender/email invalid_value']],
  [{ text: 'a', sender: { name: 'Ann', avatarUrl: 'javascript:alert(1)' } }, ['/sender/avatarUrl pattern']],
  [{ text: 'a', occurredAt: 'yesterday' }, ['/occurredAt invalid_value']],
  [{ text: 'a', occurredAt: '2026-02-30T00:00:00Z' }, ['/occurredAt invalid_value']],
  [{ text: 'a', occurredAt: '0000-01-01T00:00:00Z' }, ['/occurredAt invalid_value']],
  [{ text: 'a', occurredAt: '2026-01-01T23:59:60Z' }, ['/occurredAt invalid_value']],
  [{ text: 'a', id: '' }, ['/id pattern']],
  [{ text: 'a', id: 'ü' }, ['/id pattern']],
  [{ content: {} }, ['/content/text required']],
  [{ content: { text: 'a', attachments: [] } }, ['/content/attachments invalid_value']],
  [{ content: { attachments: [{ url: 'file:///etc/passwd' }] } }, ['/content/attachments/0/url pattern']],
  [{ content: { attachments: [{ url: 'https://a.example/', id: '1' }] } }, ['/content/attachments/0/id unknown_field']],
])('refuses the message %j and names the paths %j', async (body, errors) => {
  const answer = await post(body);
  expect(answer).toMatchObject({ status: 422, body: { code: 'invalid' } });
  expect(errorsOf(answer)).toEqual(errors);
});

test.each([
  [{ confirm: {} }, '/confirm'],
  [{ refersTo: 'msg_1' }, '/refersTo'],
  [{ text: undefined, content: { text: 'a', native: {} } }, '/content/native'],
  [{ type: 'message.edited' }, '/type'],
  [{ type: 'reaction.added' }, '/type'],
])('refuses the message fields %j as not supported yet', async (more, path) => {
  const answer = await post({ text: 'a', ...more });
  expect(answer).toMatchObject({ status: 422, body: { code: 'not_yet_supported' } });
  expect(errorsOf(answer)).toEqual([`${path} not_yet_supported`]);
});

test('accepts files by their URLs, with or without a text', async () => {
  const attachments = [
    { url: 'https://files.example/a/plan%20B.pdf?x=1' },
    { url: 'https://files.example/', name: 'b' },
  ];
  const { status, body } = await post({ content: { attachments } });
  expect(status).toBe(202);
  expect((await get(body.id)).body.content).toEqual({
    text: '',
    attachments: [
      { id: 'file-1', name: 'plan B.pdf', page: attachments[0]?.url },
      { id: 'file-2', name: 'b', page: attachments[1]?.url },
    ],
  });
});

test('accepts a message for 200 destinations in one transaction', async () => {
  await api.sql`
    insert into destinations (tenant, id, connection, address, order_by, ambiguous, timeout_ms)
    select 'default', 'many-' || n, 'hooks', '{"url": "http://127.0.0.1:9/"}', 'none', 'at-least-once', 1000
    from generate_series(1, 200) n`;
  await api.sql`update config_versions set version = version + 1`;
  const destinations = Array.from({ length: 200 }, (_, n) => `many-${n + 1}`);
  const { status, body } = await post({ text: 'hi', destinations });
  expect(status).toBe(202);
  expect(body.deliveries.map(({ destination }: { destination: string }) => destination)).toEqual(destinations);
  const { body: message } = await get(body.id);
  expect(message.deliveries.map(({ destination }: { destination: string }) => destination)).toEqual(destinations);
});

test('writes no content of a message and no key to the log', async () => {
  await post({ text: 'a sentence for one person', sender: { name: 'Ann' }, conversation: 'private-talk' });
  await post({ text: 'a sentence for one person', destinations: ['nope-nope'] });
  await api.call('GET', '/v1/messages?conversation=private-talk');
  expect(api.log.join('')).not.toMatch(/a sentence|Ann|private-talk|test-admin-key/);
});
