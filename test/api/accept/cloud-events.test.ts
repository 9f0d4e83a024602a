import { errorsOf, makeDestinations, startTestApi, type Answer, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await makeDestinations(api, ['orders']);
});
afterAll(() => api.close());

const structured = (event: object): Promise<Answer> =>
  api.call('POST', '/v1/messages', {
    body: event,
    headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
  });
const binary = (headers: Record<string, string>, body: unknown): Promise<Answer> =>
  api.call('POST', '/v1/messages', { body, headers });
const get = async ({ body }: Answer) => (await api.call('GET', `/v1/messages/${body.id}`)).body;

const event = {
  specversion: '1.0',
  id: 'e-1',
  source: '/monitor/eu',
  type: 'com.example.disk.full',
  time: '2026-01-02T03:04:05Z',
  subject: 'db-3',
  dataschema: 'https://example.com/disk/2',
  datacontenttype: 'application/json',
  team: 'core',
  count: 3,
  urgent: true,
  data: { text: 'Disk full', destinations: ['orders'], priority: 'high', labels: { extra: 'yes' } },
};

const wanted = {
  content: { text: 'Disk full' },
  type: 'com.example.disk.full',
  source: '/monitor/eu',
  occurredAt: '2026-01-02T03:04:05.000Z',
  conversation: 'db-3',
  dataVersion: 'https://example.com/disk/2',
  priority: 'high',
  labels: { team: 'core', count: '3', urgent: 'true', extra: 'yes' },
  deliveries: [{ destination: 'orders' }],
};

test('turns a structured CloudEvent into a message, with its extension attributes as labels', async () => {
  const answer = await structured(event);
  expect(answer).toMatchObject({ status: 202, body: { duplicate: false } });
  expect(await get(answer)).toMatchObject({ ...wanted, dedupeKey: '/monitor/eu e-1' });
});

test('recognizes an event that is sent again in binary mode as the same message', async () => {
  const { specversion, id, source, type, time, subject, dataschema, team, count, urgent, data } = event;
  const attributes = { specversion, id, source, type, time, subject, dataschema, team, count, urgent };
  const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, String(value)]));
  const [first, again] = [
    await structured(event),
    await binary({ ...headers, 'content-type': 'application/json' }, data),
  ];
  expect(again.body).toMatchObject({ id: first.body.id, duplicate: true });
  const other = await binary({ ...headers, 'ce-id': 'e-2' }, data);
  expect(other.body.duplicate).toBe(false);
  expect(await get(other)).toMatchObject(wanted);
});

test('identifies an event by its source and id together', async () => {
  const minimal = { specversion: '1.0', id: '7', source: 'a', type: 't', data: 'hi' };
  const first = await structured(minimal);
  expect((await structured({ ...minimal, source: 'b' })).body.duplicate).toBe(false);
  expect((await structured(minimal)).body).toMatchObject({ id: first.body.id, duplicate: true });
  expect((await structured({ ...minimal, data: 'ho' })).status).toBe(409);
});

test('keeps the keys of events apart from the keys of plain messages', async () => {
  const minimal = { specversion: '1.0', id: 'x', source: 'plain', type: 't', data: 'hi' };
  const first = await structured(minimal);
  const plain = await api.call('POST', '/v1/messages', { body: { text: 'hi', id: 'plain x' } });
  expect(plain.body.duplicate).toBe(false);
  expect(plain.body.id).not.toBe(first.body.id);
});

test('takes a string in the data of an event as the text of the message', async () => {
  const answer = await structured({
    specversion: '1.0',
    id: 't',
    source: 's',
    type: 't',
    datacontenttype: 'text/plain',
    data: 'hi',
  });
  expect(await get(answer)).toMatchObject({ content: { text: 'hi' }, state: 'unrouted', conversation: null });
});

test('decodes percent-encoded attributes in the headers of an event', async () => {
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': 'p',
    'ce-source': 's',
    'ce-type': 't',
    'ce-subject': 'Z%C3%BCrich%20%F0%9F%94%94',
  };
  expect(await get(await binary(headers, { text: 'hi' }))).toMatchObject({ conversation: 'Zürich 🔔' });
});

test.each([
  [{ specversion: '0.3' }, ['/specversion invalid_value']],
  [{ id: undefined }, ['/id required']],
  [{ source: '', type: 5 }, ['/source required', '/type required']],
  [{ id: 'x'.repeat(256) }, ['/id too_long']],
  [{ data: undefined }, ['/data wrong_type']],
  [{ data: [1] }, ['/data wrong_type']],
  [{ data: undefined, data_base64: 'aGk=' }, ['/data wrong_type', '/data_base64 not_yet_supported']],
  [{ Team: 'core' }, ['/Team invalid_value']],
  [{ nested: {} }, ['/nested invalid_value']],
  [{ time: 'yesterday' }, ['/time invalid_value']],
  [{ source: 'two words' }, ['/source pattern']],
  [{ subject: 's'.repeat(256) }, ['/subject too_long']],
  [{ team: 'x'.repeat(256) }, ['/team too_long']],
  [{ data: { text: 'hi', txet: 1, destinations: ['nope'] } }, ['/data/txet unknown_field']],
  [{ data: { text: 'hi', thread: 't' } }, ['/data/thread invalid_value']],
  [{ data: { text: 'hi', confirm: {} } }, ['/data/confirm not_yet_supported']],
  [{ data: { text: 'hi', type: 't' } }, ['/data/type unknown_field']],
])('refuses an event with %j and names the paths %j', async (change, errors) => {
  const answer = await structured({ ...event, id: 'bad', ...change });
  expect(answer.status).toBe(422);
  expect(errorsOf(answer)).toEqual(errors);
});

test("names the path in the event's data when an event has an unknown destination", async () => {
  const answer = await structured({ ...event, id: 'bad', data: { text: 'hi', destinations: ['nope'] } });
  expect(errorsOf(answer)).toEqual(['/data/destinations/0 unknown_destination']);
});

test('names the header when an attribute of an event in binary mode is wrong', async () => {
  expect(errorsOf(await binary({ 'ce-id': 'b', 'ce-source': 's' }, { text: 'hi' }))).toEqual([
    'ce-specversion invalid_value',
    'ce-type required',
  ]);
  const headers = { 'ce-specversion': '1.0', 'ce-id': 'b', 'ce-source': 's', 'ce-type': 't' };
  expect(errorsOf(await binary({ ...headers, 'ce-time': 'now' }, { text: 'hi' }))).toEqual(['ce-time invalid_value']);
  expect(errorsOf(await binary({ ...headers, 'ce-subject': '%00' }, { text: 'hi' }))).toEqual([
    'ce-subject invalid_value',
  ]);
  expect(errorsOf(await binary({ ...headers, 'ce-subject': '%E0%A4%A' }, { text: 'hi' }))).toEqual([
    'ce-subject invalid_value',
  ]);
  expect(errorsOf(await binary(headers, { txet: 'hi' }))).toEqual(['/txet unknown_field']);
});

test('answers 415 to a batch of events, and to an event on any other route', async () => {
  const batch = { body: [event], headers: { 'content-type': 'application/cloudevents-batch+json' } };
  expect((await api.call('POST', '/v1/messages', batch)).status).toBe(415);
  const elsewhere = { body: event, headers: { 'content-type': 'application/cloudevents+json' } };
  expect((await api.call('POST', '/v1/connections', elsewhere)).status).toBe(415);
});

test('refuses an event with an Idempotency-Key that is not its own key', async () => {
  const headers = { 'content-type': 'application/cloudevents+json', 'idempotency-key': 'other' };
  expect(errorsOf(await api.call('POST', '/v1/messages', { body: event, headers }))).toEqual(['/id different_keys']);
});
