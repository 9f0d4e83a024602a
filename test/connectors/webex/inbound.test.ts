import { createHmac } from 'node:crypto';
import type { HookRequest, Received } from '../../../src/connectors/contract/inbound.ts';
import { checkFields } from '../../../src/connectors/contract/fields.ts';
import { hmac } from '../../../src/connectors/inbound/verify.ts';
import { webex } from '../../../src/connectors/webex/index.ts';
import { inboundSuite } from '../../suites/inbound-suite.ts';

const secret = 'somesecret';
const settings = { botToken: 'account-x', webhookSecrets: ['an-old-one', secret] };

/** Signed as Webex's page says, without the code under test. */
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

describe('requests of Webex', () => {
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

  it('the signature of a request matches a precomputed one', () => {
    expect(hmac('sha1', secret, 'hex', '{"id":"w1"}')).toBe('703662bd7a497cd886bd8a51f172caffe6de8061');
    expect(receive(request('{"id":"w1"}')).kind).toBe('unreadable');
  });

  it.each(['', 'sha256='])(
    'with the setting sha256, a request is accepted only with an HMAC-SHA256 (prefix "%s")',
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

  it('a request is refused if the connection has no secret', () => {
    expect(receive(request(hook('created')), { webhookSecrets: undefined })).toMatchObject({ code: 'bad_signature' });
  });

  const sender = { id: 'P1', email: 'ann@example.com' };
  it('a new message is read without its text, which must be fetched', () => {
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
  it.each(['updated', 'created'])(
    'a notification of an updated message is read as an edit, even if its event is %s',
    (event) => {
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
    },
  );

  it('a message whose time of update is that of its creation is read as new', () => {
    expect(read(hook('created', { updated: data.created }))).toMatchObject({ event: { kind: 'created' } });
  });

  it('an edit without a time gets the present time and no revision', () => {
    expect(read(hook('updated'))).toMatchObject({
      event: { kind: 'edited', key: `edited:M1:at ${now.toISOString()}`, at: now.toISOString() },
    });
    expect(read(hook('updated'))).not.toHaveProperty('event.revision');
  });

  it('a deletion is read although it contains only ids', () => {
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
  ])('an event of Webex that is %s is ignored', (_, body, code) => {
    expect(read(body)).toEqual({ ignored: code });
  });

  it('posts of accounts that the settings list as programs are ignored', () => {
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
  ])('an event of Webex without %s is kept for an operator', (_, change) => {
    expect(read(hook('created', change))).toMatchObject({ kind: 'unreadable', answer: { status: 200 } });
  });

  it('a message has the same key with and without its thread', () => {
    for (const id of ['R1:M1', 'R1:M1:M0']) expect(webex.inbound?.linkKey(id)).toBe('M1');
    expect(webex.inbound?.roomOf({ roomId: 'R1' })).toBe('R1');
  });
});
