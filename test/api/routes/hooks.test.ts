import { createHmac } from 'node:crypto';
import { closeGap, listenNow, takeOpenGaps } from '../../../src/store/inbound/gaps.ts';
import { startTestApi, type TestApi } from '../running-api.ts';

const secret = 'a-signing-secret';
let api: TestApi;
let pokes = 0;
beforeEach(async () => {
  pokes = 0;
  api = await startTestApi(undefined, { pokeInbox: () => (pokes += 1) });
  const settings = { botToken: 'xoxb-1', signingSecrets: [secret] };
  await api.call('PUT', '/v1/connections/acme', { body: { connector: 'slack', settings } });
});
afterEach(() => api.close());

async function hook(body: string, { path = '/hooks/acme', key = secret, headers = {} } = {}) {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = `v0=${createHmac('sha256', key).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  const proof = { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature };
  const all = { 'content-type': 'application/json', ...proof, ...headers };
  const answer = await fetch(`${api.url}${path}`, { method: 'POST', headers: all, body });
  return { status: answer.status, text: await answer.text() };
}
const message = (ts: string) =>
  JSON.stringify({
    type: 'event_callback',
    api_app_id: 'A1',
    event_id: `Ev${ts}`,
    event: { type: 'message', channel: 'C0ONE', user: 'U1', ts, text: 'hello' },
  });
const stored = async () => api.sql`select state, connection, room, kind from inbox order by id`;

describe('a hook', () => {
  it('stores a genuine event before it answers, and only once however often the event arrives', async () => {
    for (let count = 0; count < 3; count += 1) expect((await hook(message('1.000100'))).status).toBe(200);
    expect(await stored()).toEqual([{ state: 'received', connection: 'acme', room: 'C0ONE', kind: 'created' }]);
    expect(pokes).toBe(1);
  });

  it('needs no API key and accepts a body of any content type, because the platform signs the bytes', async () => {
    expect(await hook('{"type":"url_verification","challenge":"abc"}')).toEqual({
      status: 200,
      text: '{"challenge":"abc"}',
    });
  });

  it("refuses a request without the platform's signature, stores nothing of it, and reveals nothing", async () => {
    const answer = await hook(message('1.000100'), { key: 'a-guess' });
    expect(answer).toEqual({ status: 401, text: '{"error":"bad_signature"}' });
    expect(await stored()).toEqual([]);
    expect(api.log.join('')).toContain('bad_signature');
    expect(api.log.join('')).not.toContain(secret);
  });

  it('answers 404 when there is no such connection, or its platform sends no events', async () => {
    const secrets = [`whsec_${Buffer.alloc(24, 7).toString('base64')}`];
    await api.call('PUT', '/v1/connections/out', { body: { connector: 'webhook', settings: { secrets } } });
    for (const path of ['/hooks/none', '/hooks/out', '/hooks/N%20O', `/hooks/${'x'.repeat(80)}`])
      expect((await hook('{}', { path })).status).toBe(404);
  });

  it('finds a generated id in any tenant, and a chosen id only in the default tenant', async () => {
    await api.call('POST', '/v1/tenants', { body: { id: 'other' } });
    const body = { connector: 'slack', settings: { botToken: 'xoxb-1', signingSecrets: [secret] } };
    const headers = { 'carillon-tenant': 'other' };
    const made = await api.call('POST', '/v1/connections', { body, headers });
    await api.call('PUT', '/v1/connections/chosen', { body, headers });
    expect((await hook(message('2.000100'), { path: `/hooks/${made.body.id}` })).status).toBe(200);
    expect((await hook(message('2.000100'), { path: '/hooks/chosen' })).status).toBe(404);
    expect(await api.sql`select tenant from inbox`).toEqual([{ tenant: 'other' }]);
  });

  it('answers 413 to a body of more than 1 MiB', async () => {
    expect((await hook('x'.repeat(1_048_577))).status).toBe(413);
  });

  it('accepts a larger body from a Matrix homeserver, which would otherwise repeat it for ever', async () => {
    const token = 'hs-token';
    const settings = {
      homeserver: 'https://a.b',
      asToken: 'as',
      hsTokens: [token],
      serverName: 'a.b',
      senderLocalpart: 'c',
    };
    expect((await api.call('PUT', '/v1/connections/hs', { body: { connector: 'matrix', settings } })).status).toBe(201);
    const events = Array.from({ length: 100 }, (_, n) => ({
      type: 'm.room.message',
      sender: '@ann:a.b',
      room_id: '!room',
      event_id: `$${n}`,
      origin_server_ts: Date.now(),
      content: { msgtype: 'm.text', body: 'x'.repeat(60_000) },
    }));
    const answer = await fetch(`${api.url}/hooks/hs/_matrix/app/v1/transactions/1`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ events }),
    });
    expect(answer.status).toBe(200);
    expect(await stored()).toHaveLength(100);
  });

  it('asks the platform to send an event again when it could not be stored', async () => {
    expect((await hook(message('3.000100'))).status).toBe(200); // makes sure that the connection is cached
    await api.sql`alter table inbox rename to away`;
    expect((await hook(message('3.000200'))).status).toBe(503);
    await api.sql`alter table away rename to inbox`;
    expect((await hook(message('3.000200'))).status).toBe(200);
  });
});

it('lists when no process listened at the hooks, and what was read afterwards', async () => {
  expect(await listenNow(api.sql, 60)).toBe(false);
  await api.sql`update hearing set last_at = clock_timestamp() - interval '30 minutes'`;
  expect(await listenNow(api.sql, 3_600)).toBe(false);
  await api.sql`update hearing set last_at = clock_timestamp() - interval '30 minutes'`;
  expect(await listenNow(api.sql, 60)).toBe(true);
  expect(await listenNow(api.sql, 60)).toBe(false);
  const [gap = 0] = await takeOpenGaps(api.sql, 60);
  expect(await takeOpenGaps(api.sql, 60)).toEqual([]);
  expect((await api.call('GET', '/v1/gaps')).body.data).toMatchObject([{ caughtUpAt: null, rooms: [] }]);
  const room = { tenant: 'default', connection: 'acme', destination: 'one', read: 2, fresh: 1, lacks: ['deletes'] };
  await closeGap(api.sql, gap, [room]);
  expect((await api.call('GET', '/v1/gaps')).body.data).toMatchObject([
    { caughtUpAt: expect.any(String), rooms: [room] },
  ]);
});

describe('a genuine request that was not understood', () => {
  const broken = '{"type":"event_callback","event":{"type":"message"';

  it('goes into quarantine, where an operator can read it, and is stored only once', async () => {
    expect((await hook(broken)).status).toBe(200);
    expect((await hook(broken)).status).toBe(200);
    const list = await api.call('GET', '/v1/quarantine');
    expect(list.body.data).toMatchObject([{ connection: 'acme', reason: { code: 'unreadable' } }]);
    const { body } = await api.call('GET', `/v1/quarantine/${list.body.data[0].id}`);
    expect(body.request).toEqual({ method: 'POST', path: '', query: '', body: broken });
    const again = await api.call('POST', `/v1/quarantine/${list.body.data[0].id}/replay`);
    expect(again).toMatchObject({ status: 409, body: { code: 'not_understood' } });
  });

  it('can be replayed by a version that understands it, long after its signature has expired', async () => {
    await hook(broken);
    const { id } = (await api.call('GET', '/v1/quarantine')).body.data[0];
    // A later version that can read what this one cannot.
    const other = await startTestApi(api.databaseUrl, {
      ring: api.ring,
      connectors: api.connectors.map((one) => (one.name === 'slack' ? tolerant(one) : one)),
      pokeInbox: () => (pokes += 1),
    });
    expect(await other.call('POST', `/v1/quarantine/${id}/replay`)).toMatchObject({ status: 202, body: { events: 1 } });
    await other.close();
    expect(await stored()).toMatchObject([{ state: 'routed' }, { state: 'received' }]);
    expect((await api.call('GET', '/v1/quarantine')).body.data).toEqual([]);
    expect((await api.call('POST', `/v1/quarantine/${id}/replay`)).status).toBe(404);
  });
});

/** Slack's connector, changed so that it completes a truncated request. */
function tolerant<T extends TestApi['connectors'][number]>(slack: T): T {
  const { inbound } = slack;
  if (inbound === undefined) throw new Error('slack takes nothing in');
  const receive: typeof inbound.receive = (request, connection, context) => {
    const whole = Buffer.from(message('9.000100'));
    const timestamp = String(Math.floor(context.now.getTime() / 1_000));
    const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(whole).digest('hex')}`;
    const headers = { ...request.headers, 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature };
    return inbound.receive({ ...request, headers, body: whole }, connection, context);
  };
  return { ...slack, inbound: { ...inbound, receive } };
}
