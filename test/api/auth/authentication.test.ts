import { adminKey, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

test.each(['/v1/messages', '/v1/deliveries/summary', '/v1/connections', '/no/such/path', '/'])(
  'answers 401 to GET %s without a key and says how to send one',
  async (path) => {
    const answer = await api.call('GET', path, { anonymous: true });
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized', status: 401 } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  },
);

test.each([
  ['a wrong key', `Bearer ${adminKey}x`],
  ['part of the key', `Bearer ${adminKey.slice(0, -1)}`],
  ['two keys', `Bearer ${adminKey} ${adminKey}`],
  ['another scheme', `Basic ${Buffer.from(`admin:${adminKey}`).toString('base64')}`],
  ['the key without its scheme', adminKey],
  ['an empty key', 'Bearer '],
])('answers 401 to a request with %s', async (_what, authorization) => {
  const answer = await api.call('GET', '/v1/messages', { anonymous: true, headers: { authorization } });
  expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
});

test('answers invalid_token to a wrong key', async () => {
  const answer = await api.call('GET', '/v1/messages', { anonymous: true, headers: { authorization: 'Bearer nope' } });
  expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
});

test('accepts the scheme of the Authorization header in any case', async () => {
  const headers = { authorization: `bearer ${adminKey}` };
  expect((await api.call('GET', '/v1/messages', { anonymous: true, headers })).status).toBe(200);
});

test.each(['/healthz', '/readyz', '/openapi.json'])('serves %s without a key', async (path) => {
  expect((await api.call('GET', path, { anonymous: true })).status).toBe(200);
});

test('refuses a wrong key before it reports anything about the request', async () => {
  const anonymous = true;
  const calls = [
    api.call('POST', '/v1/messages', { anonymous, body: '{broken' }),
    api.call('POST', '/v1/messages', { anonymous, body: 'hi', headers: { 'content-type': 'text/plain' } }),
    api.call('POST', '/v1/messages', { anonymous, body: 'x'.repeat(2 * 1024 * 1024) }),
    api.call('GET', '/v1/messages/%E0%A4%A', { anonymous }),
    api.call('GET', `/v1/messages/${'m'.repeat(5_000)}`, { anonymous }),
  ];
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
});
