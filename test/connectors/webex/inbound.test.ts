import { createHmac } from 'node:crypto';
import type { HookRequest, Received } from '../../../src/connectors/contract/inbound.ts';
import { checkFields } from '../../../src/connectors/contract/fields.ts';
import { hmac } from '../../../src/connectors/inbound/verify.ts';
import { webex } from '../../../src/connectors/webex/index.ts';
import { inboundSuite } from '../../suites/inbound-suite.ts';

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
    unsigned: ({ headers: { 'x-spark-signature': _signature, ...headers }, ...one }) => ({ ...one, headers }),
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

  it('passes over accounts that are known for programs', () => {
    const programs = 'relay@example.com, Ann@example.com';
    expect(checkFields(webex.settings, { botToken: 'x', programs }, '')).toEqual([]);
    expect(checkFields(webex.settings, { botToken: 'x', programs: 'ann, ben' }, '')).toHaveLength(1);
    expect(receive(request(hook('created')), { programs })).toMatchObject({ events: [{ ignored: 'bot_post' }] });
    expect(receive(request(hook('created')), { programs: 'relay@example.com' })).toMatchObject({
      events: [{ event: { kind: 'created' } }],
    });
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
