import { createHmac } from 'node:crypto';
import { createAccessTokens } from '../../src/connectors/access-tokens.ts';
import type { LookUpContext } from '../../src/connectors/connector.ts';
import type { HookRequest, Received } from '../../src/connectors/inbound.ts';
import { hmac } from '../../src/connectors/hook-checks.ts';
import { webex } from '../../src/connectors/webex/index.ts';
import type { InboundEvent } from '../../src/domain/inbound.ts';
import { inboundSuite } from '../suites/inbound-suite.ts';
import { failureOf } from '../support/outgoing.ts';
import { roomsAt } from '../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../support/simulators.ts';
import { roomId } from '../support/webex.ts';

const secret = 'somesecret';
const settings = { botToken: 'account-x', webhookSecrets: ['an-old-one', secret] };

/** By hand, as Webex's page says, and not by the code under test. */
function request(body: string): HookRequest {
  const headers = {
    'content-type': 'application/json',
    'x-spark-signature': createHmac('sha1', secret).update(body).digest('hex'),
  };
  return { method: 'POST', path: '', query: new URLSearchParams(), headers, body: Buffer.from(body) };
}

const data = {
  id: 'M1',
  roomId: 'R1',
  roomType: 'group',
  personId: 'P1',
  personEmail: 'ann@example.com',
  created: '2026-03-01T12:00:00.000Z',
};
const hook = (event: string, change: object = {}, resource = 'messages'): string =>
  JSON.stringify({ id: 'W1', name: 'Carillon', resource, event, actorId: 'P1', data: { ...data, ...change } });
const now = new Date('2026-03-01T12:00:09.000Z');
const receive = (one: HookRequest, more: object = {}): Received =>
  webex.inbound?.receive(
    one,
    { id: 'acme', settings: { ...settings, ...more } },
    {
      now,
      keys: { find: async () => undefined },
    },
  ) as Received;
const read = (body: string) => {
  const received = receive(request(body));
  return received.kind === 'events' ? received.events[0] : received;
};

describe('what Webex sends', () => {
  inboundSuite({
    connector: webex,
    settings,
    request,
    message: { body: hook('created'), text: '' },
    unknown: hook('created', {}, 'memberships'),
    forged: (one) => ({ ...one, body: Buffer.from(one.body.toString().replace('"R1"', '"R2"')) }),
    unsigned: ({ headers: { 'x-spark-signature': _, ...headers }, ...one }) => ({ ...one, headers }),
    refusal: 401,
    isDated: false,
  });

  it('is signed as its vector says', () => {
    expect(hmac('sha1', secret, 'hex', '{"id":"w1"}')).toBe('703662bd7a497cd886bd8a51f172caffe6de8061');
    expect(receive(request('{"id":"w1"}')).kind).toBe('unreadable');
  });

  it.each(['', 'sha256='])(
    'is believed with %s and SHA-256 where the connection says so, and then with nothing else',
    (prefix) => {
      const body = hook('created');
      const old = request(body);
      const signature = `${prefix}${createHmac('sha256', secret).update(body).digest('hex')}`;
      const other = { ...old, headers: { 'content-type': 'application/json', 'x-webex-signature': signature } };
      expect(receive(other, { signature: 'sha256' }).kind).toBe('events');
      expect(receive(old, { signature: 'sha256' })).toMatchObject({ kind: 'refused', code: 'missing_signature' });
      expect(receive(other)).toMatchObject({ kind: 'refused', code: 'missing_signature' });
    },
  );

  it('is believed by nobody without a secret', () => {
    expect(receive(request(hook('created')), { webhookSecrets: undefined })).toMatchObject({ code: 'bad_signature' });
  });

  const sender = { id: 'P1', email: 'ann@example.com' };
  it('is a message without its text', () => {
    expect(read(hook('created'))).toEqual({
      event: {
        key: 'created:M1',
        kind: 'created',
        room: 'R1',
        nativeId: 'R1:M1',
        at: data.created,
        sender,
        isIncomplete: true,
      },
    });
    expect(read(hook('created', { parentId: 'M0' }))).toMatchObject({
      event: { nativeId: 'R1:M1:M0', thread: 'R1:M0' },
    });
  });

  const updated = '2026-03-01T12:00:05Z';
  it.each(['updated', 'created'])('is an edit where it was updated, also when it comes as %s', (event) => {
    expect(read(hook(event, { updated }))).toEqual({
      event: {
        key: `edited:M1:${updated}`,
        kind: 'edited',
        room: 'R1',
        nativeId: 'R1:M1',
        at: '2026-03-01T12:00:05.000Z',
        revision: '2026-03-01T12:00:05.000Z',
        sender,
        isIncomplete: true,
      },
    });
  });

  it('is a message where it was never updated but says when', () => {
    expect(read(hook('created', { updated: data.created }))).toMatchObject({ event: { kind: 'created' } });
  });

  it('is an edit of now where it does not say when', () => {
    expect(read(hook('updated'))).toMatchObject({
      event: { kind: 'edited', key: `edited:M1:at ${now.toISOString()}`, at: now.toISOString() },
    });
    expect(read(hook('updated'))).not.toHaveProperty('event.revision');
  });

  it('is a deletion, of which only ids are known', () => {
    const body = JSON.stringify({
      resource: 'messages',
      event: 'deleted',
      data: { id: 'M1', roomId: 'R1', personId: 'P1' },
    });
    expect(read(body)).toEqual({
      event: {
        key: 'deleted:M1',
        kind: 'deleted',
        room: 'R1',
        nativeId: 'R1:M1',
        at: now.toISOString(),
        sender: { id: 'P1' },
      },
    });
  });

  it.each([
    ["a bot's post", hook('created', { personEmail: 'helper@webex.bot' }), 'bot_post'],
    ["an edit of a bot's post", hook('updated', { personEmail: 'Carillon@WEBEX.BOT', updated }), 'bot_post'],
    ['a join', hook('created', {}, 'memberships'), 'unsupported_event'],
    ['a room', hook('updated', {}, 'rooms'), 'unsupported_event'],
    ['a card', hook('created', {}, 'attachmentActions'), 'unsupported_event'],
    ['what messages may be one day', hook('pinned'), 'unsupported_event'],
  ])('passes over %s', (_, body, code) => {
    expect(read(body)).toEqual({ ignored: code });
  });

  it.each([
    ['a message', { id: undefined }],
    ['a room', { roomId: 7 }],
  ])('is kept for an operator without %s', (_, change) => {
    expect(read(hook('created', change))).toMatchObject({ kind: 'unreadable', answer: { status: 200 } });
  });

  it('is known by its id, whoever names it', () => {
    for (const id of ['R1:M1', 'R1:M1:M0']) expect(webex.inbound?.linkKey(id)).toBe('M1');
    expect(webex.inbound?.roomOf({ roomId: 'R1' })).toBe('R1');
  });
});

describe('what is fetched from Webex', () => {
  let bench: SimulatorBench;
  beforeAll(async () => {
    bench = await startSimulatorBench(['webex']);
  });
  afterEach(() => bench.clearFaults('webex'));
  afterAll(() => bench.stop());
  const room = roomId('ops');
  const connection = (token = 'account-x') => ({
    id: 'acme',
    settings: { ...settings, botToken: token, baseUrl: `${bench.url}/webex/v1/` },
  });
  const context = (): LookUpContext => ({
    http: bench.http,
    tokens: createAccessTokens(),
    now,
    timeoutMs: 5_000,
    signal: new AbortController().signal,
  });
  const say = async (action: object): Promise<InboundEvent> => {
    const { id } = await roomsAt(bench.url).act('webex', { room, ...action });
    return {
      key: `created:${id}`,
      kind: 'created',
      room,
      nativeId: `${room}:${id}`,
      at: data.created,
      isIncomplete: true,
    };
  };
  const fetchIt = async (event: InboundEvent, token?: string, at = context()) =>
    webex.inbound?.fetch?.(event, connection(token), at);

  it('is the text, who said it and its files', async () => {
    const event = await say({
      content: [{ text: 'so *plain* ' }, { text: 'b', bold: true }, { text: '', mention: 'ben' }],
      file: { name: 'a.txt', mediaType: 'text/plain', base64: 'YQ==' },
    });
    const whole = await fetchIt(event);
    expect(whole).toMatchObject({
      key: event.key,
      text: expect.stringMatching(/^so \\\*plain\\\* \*\*b\*\*\[@Ben Baker\]\(mention:acme\/\S+\)$/),
      sender: { id: expect.any(String), email: 'ann@example.com' },
      files: [{ name: 'file-1', url: expect.stringContaining(`${bench.url}/webex/v1/contents/`) }],
    });
  });

  it('says which thread it is in', async () => {
    const root = await say({ text: 'root' });
    const reply = await say({ text: 'reply', thread: root.nativeId.split(':')[1] });
    expect(await fetchIt(reply)).toMatchObject({
      nativeId: `${reply.nativeId}:${root.nativeId.split(':')[1]}`,
      thread: root.nativeId,
    });
  });

  it('is the newest text of an edit, with when that was written', async () => {
    const event = await say({ text: 'first' });
    await roomsAt(bench.url).act('webex', { do: 'edit', room, id: event.nativeId.split(':')[1] ?? '', text: 'second' });
    const whole = await fetchIt({ ...event, kind: 'edited', revision: data.created });
    expect(whole).toMatchObject({ text: 'second', revision: expect.stringMatching(/Z$/) });
    expect(whole).not.toMatchObject({ revision: data.created });
  });

  it('is gone where it was deleted before', async () => {
    const event = await say({ text: 'never mind' });
    await roomsAt(bench.url).act('webex', { do: 'delete', room, id: event.nativeId.split(':')[1] ?? '' });
    expect(await fetchIt(event)).toBe('gone');
  });

  it("is nothing to bridge where it is our own account's or a bot's, which the event may not say", async () => {
    const posted = async (token: string): Promise<InboundEvent> => {
      const answer = await fetch(`${bench.url}/webex/v1/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ roomId: room, markdown: 'copy' }),
      });
      const { id } = (await answer.json()) as { id: string };
      return { ...(await say({ text: 'x' })), nativeId: `${room}:${id}` };
    };
    expect(await fetchIt(await posted('account-y'), 'account-x')).toEqual({ ignored: 'own_post' });
    expect(await fetchIt(await posted('bot-y'), 'account-x')).toEqual({ ignored: 'bot_post' });
    expect(await fetchIt(await posted('account-y'), 'bot-x')).toMatchObject({ text: 'copy' });
  });

  it('asks once who we are, and for nothing where the event says it is ours', async () => {
    const at = context();
    for (let count = 0; count < 3; count += 1) await fetchIt(await say({ text: 'x' }), 'account-x', at);
    const asked = async () => (await bench.requests('webex')).filter(({ method }) => method === 'GET');
    const before = await asked();
    expect(before.slice(-4).filter(({ path }) => path.endsWith('/people/me'))).toHaveLength(1);
    const me = (before.find(({ path }) => path.endsWith('/people/me'))?.answer?.body as { id: string }).id;
    expect(await fetchIt({ ...(await say({ text: 'x' })), sender: { id: me } }, 'account-x', at)).toEqual({
      ignored: 'own_post',
    });
    expect(await asked()).toHaveLength(before.length);
  });

  it.each([
    [{ status: 401 }, 'permanent', 'connection'],
    [{ status: 403 }, 'permanent', 'message'],
    [{ status: 423, retryAfter: 3 }, 'transient', 'destination'],
    [{ status: 429, retryAfter: 3 }, 'transient', 'destination'],
    [{ status: 502 }, 'transient', 'destination'],
    [{ status: 200, body: '<html>' }, 'transient', 'destination'],
    [{ mode: 'reset-before' }, 'transient', 'destination'],
  ] as const)('fails as it may be tried again: %j', async (fault, kind, scope) => {
    const event = await say({ text: 'x' });
    for (const path of ['/v1/messages/', '/v1/people/me']) {
      await bench.fault('webex', { path, ...fault });
      expect(await failureOf(fetchIt(event))).toMatchObject({
        kind,
        scope,
        ...('retryAfter' in fault ? { retryAfterMs: 3_000 } : {}),
      });
    }
  });
});
