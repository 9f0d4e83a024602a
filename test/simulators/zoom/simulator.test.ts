import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHmac } from 'node:crypto';
import { createChannelLimits } from '../../../src/simulators/zoom/limits.ts';
import { eventually } from '../../support/eventually.ts';
import { roomsAt } from '../../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';
import { channelOf } from '../../support/zoom.ts';

let bench: SimulatorBench;
beforeEach(async () => {
  bench = await startSimulatorBench(['zoom']);
});
afterEach(() => bench.stop());

const channel = channelOf('sim');
const mine = 'chat/users/carillon@example.com/messages';
const call = async (method: string, path: string, body?: object, token = 'simulated-access-token-1') => {
  const response = await fetch(`${bench.url}/zoom/v2/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
};
const say = async (message: string, more: object = {}) =>
  String((await call('POST', mine, { message, to_channel: channel, ...more })).body['id']);
const list = async (query = '') => (await call('GET', `${mine}?to_channel=${channel}${query}`)).body;
const textsOf = (body: Record<string, unknown>) =>
  (body['messages'] as { message: string }[]).map((one) => one.message);
const refusal = (status: number, code: number) => ({ status, body: { code } });

describe('the Zoom simulator', () => {
  it('the Zoom simulator issues tokens for credentials, and refuses revoked tokens', async () => {
    const token = async (secret: string, form: object) => {
      const response = await fetch(`${bench.url}/zoom/oauth/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`client:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'account_credentials', account_id: 'a', ...form }),
      });
      return (await response.json()) as Record<string, unknown>;
    };
    expect(await token('s', {})).toMatchObject({ access_token: 'simulated-access-token-1', expires_in: 3_600 });
    expect(await token('wrong', {})).toMatchObject({ error: 'invalid_client' });
    expect(await token('s', { grant_type: 'password' })).toMatchObject({ error: 'unsupported_grant_type' });
    expect(await call('GET', 'users/ann@example.com', undefined, 'other')).toMatchObject({ status: 401 });
    await bench.control('zoom', 'revoke', {});
    expect(await call('GET', 'users/ann@example.com')).toMatchObject(refusal(401, 124));
    expect((await call('GET', 'users/ann@example.com', undefined, 'simulated-access-token-2')).status).toBe(200);
  });

  it("the Zoom simulator refuses bad requests with Zoom's error codes", async () => {
    expect(await call('POST', mine, { message: 'x', to_channel: 'ops' })).toMatchObject(refusal(404, 4130));
    expect(await call('POST', mine, { message: 'x' })).toMatchObject(refusal(400, 300));
    expect(await call('POST', mine, { to_channel: channel })).toMatchObject(refusal(400, 300));
    const nobody = 'chat/users/nobody/messages';
    expect(await call('POST', nobody, { message: 'x', to_channel: channel })).toMatchObject(refusal(404, 1001));
    const id = await say('first');
    const reply = await say('reply', { reply_main_message_id: id });
    const post = (more: object) => call('POST', mine, { message: 'hello', to_channel: channel, ...more });
    expect(await post({ reply_main_message_id: reply })).toMatchObject(refusal(400, 5402));
    expect(await post({ reply_main_message_id: 'none' })).toMatchObject(refusal(400, 4131));
    const range = (start_position: number, end_position: number, format_type: string, format_attr?: string) => [
      { start_position, end_position, format_type, format_attr },
    ];
    for (const rich_text of [
      range(0, 6, 'Bold'),
      range(2, 2, 'Bold'),
      range(0, 1, 'Code'),
      range(0, 1, 'Paragraph', 'h4'),
      range(0, 1, 'AddLink', 'mailto:a@b.co'),
    ])
      expect(await post({ rich_text })).toMatchObject(refusal(400, 300));
    const theirs = `chat/users/other@example.com/messages/${id}`;
    expect(await call('PUT', theirs, { message: 'y', to_channel: channel })).toMatchObject(refusal(400, 200));
    expect(await call('DELETE', `${theirs}?to_channel=${channel}`)).toMatchObject(refusal(400, 200));
  });

  it('the Zoom simulator takes a text of 1 024 characters but not of 1 025', async () => {
    const post = (message: string) => call('POST', mine, { message, to_channel: channel });
    expect((await post('👍'.repeat(1_024))).status).toBe(201);
    expect(await post('x'.repeat(1_025))).toMatchObject(refusal(400, 300));
  });

  it('an edit in the Zoom simulator removes formats and mentions, and a deleted message is not found', async () => {
    const id = await say('hello', { rich_text: [{ start_position: 0, end_position: 5, format_type: 'Bold' }] });
    expect((await call('PUT', `${mine}/${id}`, { message: 'bye', to_channel: channel })).status).toBe(204);
    const { body } = await call('GET', `${mine}/${id}?to_channel=${channel}`);
    expect(body).toMatchObject({ message: 'bye', sender: 'carillon@example.com' });
    expect(body).not.toHaveProperty('rich_text');
    expect((await call('DELETE', `${mine}/${id}?to_channel=${channel}`)).status).toBe(204);
    expect(await call('DELETE', `${mine}/${id}?to_channel=${channel}`)).toMatchObject(refusal(400, 300));
    expect(await call('GET', `${mine}/${id}?to_channel=${channel}`)).toMatchObject(refusal(400, 300));
  });

  it('the Zoom simulator mentions people by e-mail address or member id, not by user id or text', async () => {
    const item = { at_type: 1, start_position: 0, end_position: 3 };
    for (const at_contact of ['ben@example.com', 'member_BenzUser0zUser0zUser0z', 'BenzUser0zUser0zUser0z', undefined])
      await say('@Ben hi', { at_items: [{ ...item, at_contact }] });
    await say('@all', { at_items: [{ at_type: 2, start_position: 0, end_position: 3 }] });
    await say('no at sign', { at_items: [{ ...item, at_contact: 'ben@example.com' }] });
    const room = await roomsAt(bench.url).read('zoom', channel);
    expect(room.map(({ mentions }) => mentions)).toEqual([['ben'], ['ben'], [], [], ['all'], []]);
  });

  it('the Zoom simulator lists the history newest first, with replies, and deleted messages on request', async () => {
    const root = await say('one');
    await say('two', { reply_main_message_id: root });
    const gone = await say('three');
    await call('DELETE', `${mine}/${gone}?to_channel=${channel}`);
    expect(textsOf(await list())).toEqual(['two', 'one']);
    expect(textsOf(await list('&exclude_child_message=true'))).toEqual(['one']);
    const all = await list('&include_deleted_and_edited_message=true&page_size=2');
    expect(textsOf(all)).toEqual(['three', 'two']);
    const next = encodeURIComponent(String(all['next_page_token']));
    const rest = await list(`&include_deleted_and_edited_message=true&page_size=2&next_page_token=${next}`);
    expect(textsOf(rest)).toEqual(['one']);
    expect(rest['next_page_token']).toBe('');
    expect(textsOf(await list(`&from=${new Date(Date.now() + 60_000).toISOString()}`))).toEqual([]);
    expect(await list('&from=2020-01-01T00:00:00Z')).toMatchObject({ code: 300 });
    expect(await list('&next_page_token=0.1')).toMatchObject({ code: 300 });
    expect(await list('&page_size=51')).toMatchObject({ code: 300 });
  });

  it("the Zoom simulator counts a person's repeated reaction once", async () => {
    const id = await say('react');
    const react = (action: string, emoji: string) =>
      call('PATCH', `${mine}/${id}/emoji_reactions`, { action, emoji, to_channel: channel });
    for (const emoji of ['U+1F44D', 'U+1F44D', 'U+2764 U+FE0F']) expect((await react('add', emoji)).status).toBe(204);
    expect(await react('add', '👍')).toMatchObject(refusal(400, 300));
    expect((await react('remove', 'U+2764 U+FE0F')).status).toBe(204);
    const [message] = await roomsAt(bench.url).read('zoom', channel);
    expect(message?.reactions).toEqual({ '👍': ['Carillon'] });
  });
});

describe('limits of a channel in the Zoom simulator', () => {
  it.each([
    ['10 in a second', 10, 50, 10_000],
    ['30 in ten seconds', 30, 250, 30_000],
    ['60 in a hundred seconds', 60, 1_000, 60_000],
    ['450 in a thousand seconds', 450, 2_000, 300_000],
  ])('a Zoom channel takes %s and is then blocked for a while', (_, most, everyMs, blockedMs) => {
    const limits = createChannelLimits();
    const start = 1_700_000_000_000;
    for (let count = 0; count < most; count += 1) expect(limits.take('c', start + count * everyMs)).toBe(true);
    const over = start + (most - 1) * everyMs + 1;
    expect(limits.take('c', over)).toBe(false);
    expect(limits.take('other', over)).toBe(true);
    expect(limits.take('c', over + blockedMs - 1)).toBe(false);
    expect(limits.take('c', over + 1_000_000)).toBe(true);
  });

  it('the limits of a Zoom channel are off at first, and answer with 429 while they are on', async () => {
    for (let count = 0; count < 12; count += 1) await say('free');
    await bench.control('zoom', 'limits', {});
    const statuses = [];
    for (let count = 0; count < 11; count += 1)
      statuses.push((await call('POST', mine, { message: 'x', to_channel: channel })).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 201), 429]);
    await bench.control('zoom', 'limits', { enabled: false });
    expect((await call('POST', mine, { message: 'x', to_channel: channel })).status).toBe(201);
  });
});

describe('events of the Zoom simulator', () => {
  let server: Server;
  let received: { headers: IncomingMessage['headers']; body: string }[] = [];
  let status = 200;
  const secret = 'events-secret';

  beforeEach(async () => {
    received = [];
    status = 200;
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => (body += String(part)));
      request.on('end', () => {
        const { event, payload } = JSON.parse(body) as { event: string; payload: { plainToken: string } };
        if (event !== 'endpoint.url_validation') received.push({ headers: request.headers, body });
        const { plainToken } = payload;
        const encryptedToken = createHmac('sha256', secret)
          .update(plainToken ?? '')
          .digest('hex');
        const isCheck = event === 'endpoint.url_validation';
        response.writeHead(isCheck ? 200 : status).end(isCheck ? JSON.stringify({ plainToken, encryptedToken }) : '');
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await bench.control('zoom', 'subscribe', { subscriptions: [{ url, secret }] });
  });
  afterEach(() => new Promise((done) => server.close(done)));

  const first = () => eventually('an event has come', () => received[0]);

  it('the events of the Zoom simulator are signed and follow the check of the endpoint', async () => {
    const id = await say('hello');
    const { headers, body } = await first();
    const signed = `v0:${String(headers['x-zm-request-timestamp'])}:${body}`;
    expect(headers['x-zm-signature']).toBe(`v0=${createHmac('sha256', secret).update(signed).digest('hex')}`);
    expect(JSON.parse(body)).toMatchObject({
      event: 'team_chat.channel_message_posted',
      payload: { operator: 'carillon@example.com', object: { message_id: id, channel_id: channel, message: 'hello' } },
    });
    await eventually('the endpoint has passed the check', async () => {
      const { subscriptions } = await bench.accepted<{ subscriptions: { isValid: boolean | null }[] }>('zoom');
      return subscriptions.length === 1 && subscriptions[0]?.isValid === true;
    });
  });

  it.each([
    [400, 1],
    [429, 1],
    [503, 4],
  ])('after a %i the Zoom simulator sends an event %i times in all', async (answer, attempts) => {
    status = answer;
    await roomsAt(bench.url).outbox('zoom', { speed: 100_000 });
    await say('hello');
    await eventually('it is given up', async () =>
      (await roomsAt(bench.url).hooks('zoom')).some(
        (one) => one.state === 'given-up' && one.attempts.every((each) => each === answer),
      ),
    );
    expect(received).toHaveLength(attempts);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  });

  it('a Zoom event says neither who is mentioned nor where a file can be downloaded', async () => {
    await roomsAt(bench.url).act('zoom', {
      room: channel,
      content: [{ text: '', mention: 'ben' }],
      file: { name: 'a.txt', mediaType: 'text/plain', base64: 'aGk=' },
    });
    const { body } = await first();
    expect(body).toContain('@Ben Baker');
    expect(body).not.toMatch(/at_items|at_contact|download_url|Benz/);
  });
});
