import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { adminKey, errorsOf, startTestApi, type TestApi } from '../running-api.ts';
import { fc, runs } from '../../support/property.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const post = (body: unknown, headers: Record<string, string> = {}) =>
  api.call('POST', '/v1/messages', { body, headers });
const mebibyte = 1024 * 1024;

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/xml',
  'application/cloudevents-batch+json',
  'nonsense',
])('answers 415 to a body of type %s', async (type) => {
  const answer = await post('{"text":"hi"}', { 'content-type': type });
  expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
});

test('answers 415 to a body without a content type', async () => {
  const answer = await raw('POST /v1/messages HTTP/1.1', ['Content-Length: 13'], '{"text":"hi"}');
  expect(answer).toMatch(/^HTTP\/1\.1 415 /);
});

test('accepts JSON with a character set in its content type', async () => {
  expect((await post('{"text":"hi"}', { 'content-type': 'application/json; charset=utf-8' })).status).toBe(202);
});

test('answers 415 to a compressed body instead of reporting broken JSON', async () => {
  const answer = await post(gzipSync('{"text":"hi"}'), { 'content-encoding': 'gzip' });
  expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
});

test('accepts a body of one mebibyte and answers 413 to one that has a byte more', async () => {
  const fill = (length: number): string => `{"text":"${'x'.repeat(length - '{"text":""}'.length)}"}`;
  expect((await post(fill(mebibyte))).status).toBe(202);
  expect(await post(fill(mebibyte + 1))).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
});

test('answers 413 to a body that is too large even when its length was not announced', async () => {
  const chunk = new TextEncoder().encode('x'.repeat(64 * 1024));
  let sent = 0;
  const stream = new ReadableStream({
    pull(controller) {
      sent += chunk.length;
      controller.enqueue(chunk);
      if (sent > 8 * mebibyte) controller.close();
    },
  });
  expect(await post(stream)).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
});

test('checks the type of a body before its size, and the size before the JSON', async () => {
  const large = 'x'.repeat(mebibyte + 1);
  expect((await post(large, { 'content-type': 'text/plain' })).status).toBe(415);
  expect((await post(large)).status).toBe(413);
});

test('answers 400 to broken JSON and says where it is broken', async () => {
  const answer = await post('{"text": "hi",\n "destinations": [}');
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_json' } });
  expect(answer.body.detail).toBe('The body is not JSON: line 2, column 19: expected a value, found "}".');
});

test.each([
  ['nothing', ''],
  ['spaces', '   '],
])('answers 400 to an empty body: %s', async (_what, body) => {
  expect(await post(body)).toMatchObject({ status: 400, body: { code: 'invalid_json' } });
});

test('answers 400 to a request without a body and type on a route that needs a body', async () => {
  for (const path of ['/v1/messages', '/v1/connections', '/v1/destinations'])
    expect(await api.call('POST', path)).toMatchObject({ status: 400, body: { code: 'invalid_json' } });
});

test('answers 400 to a body that is not UTF-8', async () => {
  const body = Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
  expect(await post(body)).toMatchObject({ status: 400, body: { code: 'invalid_json' } });
});

test('accepts JSON with a byte order mark', async () => {
  expect((await post(Buffer.from('\ufeff{"text":"hi"}'))).status).toBe(202);
});

test.each([
  ['{"text":"a\\u0000b"}', '/text nul_character'],
  ['{"text":"hi","labels":{"a":"\\u0000"}}', '/labels/a nul_character'],
  ['{"text":"hi","conversation":"\\ud800"}', '/conversation lone_surrogate'],
  ['{"text":"hi","__proto__":{"priority":"low"}}', '/__proto__ forbidden_key'],
  ['{"text":"hi","text":"ho"}', '/text duplicate_key'],
  ['{"content":{"text":"hi","fields":{"n":12345678901234567890}}}', '/content/fields/n number_out_of_range'],
  ['{"content":{"text":"hi","fields":{"n":1e999}}}', '/content/fields/n number_out_of_range'],
])('answers 422 to JSON that could not be stored exactly: %s', async (body, error) => {
  const answer = await post(body);
  expect(answer).toMatchObject({ status: 422, body: { code: 'invalid' } });
  expect(errorsOf(answer)).toEqual([error]);
});

test('answers 422 to JSON that is nested too deeply', async () => {
  const answer = await post(`{"content":{"text":"hi","fields":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}}`);
  expect(errorsOf(answer)).toEqual(['/content/fields/a/a/a/a/a/a too_deep']);
});

test.each([['null'], ['[]'], ['"hi"'], ['3']])('answers 422 to a body that is only %s', async (body) => {
  expect(errorsOf(await post(body))).toEqual([' wrong_type']);
});

test('refuses values of the wrong type instead of converting them', async () => {
  const answer = await post({ text: 5, priority: 1, destinations: 'orders', conversation: true });
  expect(errorsOf(answer)).toEqual([
    '/conversation wrong_type',
    '/destinations wrong_type',
    '/priority wrong_type',
    '/text wrong_type',
  ]);
});

test('refuses unknown fields instead of ignoring them', async () => {
  const answer = await post({ text: 'hi', txet: 'hi', 'a/b': 1, sender: { name: 'Ann', nick: 'A' } });
  expect(errorsOf(answer)).toEqual(['/a~1b unknown_field', '/sender/nick unknown_field', '/txet unknown_field']);
});

test.each([
  'limit=0',
  'limit=201',
  'limit=-1',
  'limit=1.5',
  'limit=',
  'limit=ten',
  'limit=0x10',
  'limit=1&limit=2',
  'limit=%2050',
])('answers 422 to a list with the query %s', async (query) => {
  const answer = await api.call('GET', `/v1/messages?${query}`);
  expect(answer).toMatchObject({ status: 422, body: { code: 'invalid' } });
  expect(answer.body.errors[0].path).toBe('?limit');
});

test.each([
  ['/v1/messages?state=lost', '?state/0 invalid_value'],
  ['/v1/messages?sate=failed', '?sate unknown_field'],
  ['/v1/messages?since=yesterday', '?since invalid_value'],
  ['/v1/messages?since=0000-01-01T00:00:00Z', '?since invalid_value'],
  ['/v1/messages?until=2026-01-01T23:59:60Z', '?until invalid_value'],
  ['/v1/messages?__proto__=x', '?__proto__ unknown_field'],
  ['/v1/messages?conversation=%00', '?conversation nul_character'],
  ['/v1/deliveries?state=', '?state/0 invalid_value'],
  ['/v1/connections?cursor=abc', '?cursor invalid_cursor'],
])('answers 422 to GET %s', async (path, error) => {
  expect(errorsOf(await api.call('GET', path))).toEqual([error]);
});

test.each([
  '/v1/messages/msg_1',
  '/v1/messages/dlv_01m821ja90eskaf0f8jas8zfxd',
  '/v1/messages/msg_01m821ja90eskaf0f8jas8zfxd',
  '/v1/messages/%00',
  '/v1/messages/%E0%A4%A',
  `/v1/messages/${'m'.repeat(5_000)}`,
  '/v1/deliveries/1%20or%201=1',
  '/v1/deliveries/dlv_01m821ja90eskaf0f8jas8zfxd/attempts',
  '/v1/connections/NOT-AN-ID',
  '/v1/destinations/-x',
  '/v1/routes',
  '/v1/routes',
  '/v2/messages',
])('answers 404 to GET %s', async (path) => {
  const answer = await api.call('GET', path);
  expect(answer).toMatchObject({ status: 404, body: { code: 'not_found', status: 404 } });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
});

test('shortens a very long key of the body in the error', async () => {
  const { status, body } = await post({ text: 'hi', ['k'.repeat(1_000_000)]: 1 });
  expect(status).toBe(422);
  expect(JSON.stringify(body).length).toBeLessThan(2_000);
});

test('answers no JSON with a status of 500 or more, whatever the JSON is', async () => {
  const value = fc.jsonValue({ maxDepth: 2, noUnicodeString: false });
  const body = fc.record(
    {
      text: fc.oneof(fc.string({ unit: 'grapheme' }), value),
      content: fc.oneof(fc.record({ text: fc.string(), fields: value }), value),
      destinations: fc.oneof(fc.array(fc.string(), { maxLength: 3 }), value),
      type: fc.oneof(fc.string(), value),
      conversation: fc.oneof(fc.string({ unit: 'grapheme' }), value),
      labels: fc.oneof(fc.dictionary(fc.string(), fc.string()), value),
      sender: fc.oneof(fc.record({ name: fc.string() }), value),
      occurredAt: fc.oneof(
        fc.date().map(String),
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
        value,
      ),
      id: fc.oneof(fc.string(), value),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(body, async (message) => expect((await post(message)).status).toBeLessThan(500)),
    { numRuns: runs(300) },
  );
});

test('sends a request id with every answer and writes the same id to the log', async () => {
  const { headers } = await api.call('GET', '/v1/messages');
  expect(api.log.join('')).toContain(`"requestId":"${headers.get('x-request-id') ?? 'none'}"`);
});

test('answers a request that is not HTTP with a problem and closes the connection', async () => {
  const answer = await raw('GARBAGE', []);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status: 400, code: 'bad_request' });
});

test('answers 431 to header fields that are too large', async () => {
  const answer = await raw('GET /healthz HTTP/1.1', [`x: ${'y'.repeat(100_000)}`]);
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  expect(answer).toContain('headers_too_large');
});

test('keeps serving after a client has sent less of a body than it announced', async () => {
  const socket = await open();
  socket.write(
    head('POST /v1/messages HTTP/1.1', ['Content-Type: application/json', 'Content-Length: 100']) + '{"text":',
  );
  socket.destroy();
  expect((await api.call('GET', '/healthz')).status).toBe(200);
});

function head(line: string, headers: string[]): string {
  return [line, 'Host: x', `Authorization: Bearer ${adminKey}`, 'Connection: close', ...headers, '', ''].join('\r\n');
}

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes that no regular client would send. Resolves to everything that the server answers. */
async function raw(line: string, headers: string[], body = ''): Promise<string> {
  const socket = await open();
  socket.on('error', () => undefined); // a reset may follow the answer
  socket.write(head(line, headers) + body);
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  await once(socket, 'close');
  return answer;
}
