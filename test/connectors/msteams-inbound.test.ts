import { createHmac, generateKeyPairSync, sign, type JsonWebKey } from 'node:crypto';
import { createSigningKeys, SigningKeysUnavailable, type SigningKeys } from '../../src/connectors/signing-keys.ts';
import type { HookRequest } from '../../src/connectors/inbound.ts';
import { hmac } from '../../src/connectors/hook-checks.ts';
import { msteams } from '../../src/connectors/msteams/index.ts';
import { inboundSuite } from '../suites/inbound-suite.ts';
import { startSimulatorBench } from '../support/simulators.ts';

const appId = '1f4b5c2e-0000-4000-8000-00000000c0de';
const serviceUrl = 'https://smba.trafficmanager.net/emea/';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
const webhookToken = 'vqF0En+Z0ucuRTM/01o2GuhMH3hKKk/N2bOmlM31zaA=';
const settings = { appId, appPassword: 'x', outgoingWebhookSecrets: ['b2xk', webhookToken] };
const jwk: JsonWebKey & Record<string, unknown> = { ...publicKey.export({ format: 'jwk' }), endorsements: ['msteams'] };
const publishing = (published: Record<string, unknown>): SigningKeys => ({
  find: async (_, kid) => (kid === 'k1' ? { key: publicKey, jwk: published } : undefined),
});
const keys = publishing(jwk);

interface TokenParts {
  readonly header?: object;
  readonly claims?: object;
  readonly key?: typeof privateKey;
}

/** By hand, as the vendor's page says, and not by the code under test. It lives for a moment only. */
function token(now: Date, { header, claims, key = privateKey }: TokenParts = {}): string {
  const seconds = Math.floor(now.getTime() / 1_000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const usual = { iss: 'https://api.botframework.com', aud: appId, nbf: seconds, exp: seconds, serviceurl: serviceUrl };
  const head = `${part({ alg: 'RS256', typ: 'JWT', kid: 'k1', ...header })}.${part({ ...usual, ...claims })}`;
  return `${head}.${sign('sha256', Buffer.from(head), key).toString('base64url')}`;
}

function request(body: string, authorization: string): HookRequest {
  const headers = { 'content-type': 'application/json; charset=utf-8', authorization };
  return { method: 'POST', path: '', query: new URLSearchParams(), headers, body: Buffer.from(body) };
}

const channel = '19:ops@thread.tacv2';
const place = { id: `${channel};messageid=1700000000000`, conversationType: 'channel' };
const activity = {
  type: 'message',
  id: '1700000000000',
  timestamp: '2026-03-01T12:00:00.123Z',
  serviceUrl,
  channelId: 'msteams',
  from: { id: '29:ann', name: 'Ann Archer' },
  conversation: place,
  recipient: { id: `28:${appId}`, name: 'Carillon' },
  text: '<at>Carillon</at> a bold <at>Ben</at>',
  textFormat: 'plain',
  attachments: [
    {
      contentType: 'text/html',
      content:
        '<div><div><span itemtype="http://schema.skype.com/Mention" itemid="0">Carillon</span> a <strong>bold</strong>&nbsp;<span itemtype="http://schema.skype.com/Mention" itemid="1">Ben</span></div></div>',
    },
  ],
  entities: [
    { type: 'mention', text: '<at>Carillon</at>', mentioned: { id: `28:${appId}`, name: 'Carillon' } },
    { type: 'mention', text: '<at>Ben</at>', mentioned: { id: '29:ben', name: 'Ben' } },
    { type: 'clientInfo', locale: 'en-GB' },
  ],
};
const now = new Date('2026-03-01T12:00:00Z');
const connection = { id: 'acme', settings };

async function receive(hook: HookRequest, published: SigningKeys = keys) {
  return msteams.inbound?.receive(hook, connection, { now, keys: published });
}
/** The only event of an activity, or the list where there are several. */
async function read(body: object) {
  const received = await receive(request(JSON.stringify(body), `Bearer ${token(now)}`));
  if (received?.kind !== 'events') return received;
  return received.events.length === 1 ? received.events[0] : received.events;
}

describe('what Teams sends', () => {
  inboundSuite({
    connector: msteams,
    settings,
    keys,
    request: (body, at) => request(body, `Bearer ${token(at)}`),
    message: { body: JSON.stringify(activity), text: 'a **bold** [@Ben](mention:under-test/29%3Aben)' },
    unknown: JSON.stringify({ ...activity, type: 'conversationUpdate', membersAdded: [] }),
    forged: (one) => ({
      ...one,
      headers: { ...one.headers, authorization: `Bearer ${token(now, { key: stranger })}` },
    }),
    unsigned: ({ headers: { authorization: _, ...headers }, ...one }) => ({ ...one, headers }),
    refusal: 401,
    isDated: true,
  });

  describe('is refused with a token that', () => {
    const wrong: [string, TokenParts][] = [
      ['is of another issuer', { claims: { iss: 'https://evil.example' } }],
      ['is meant for another bot', { claims: { aud: 'another-app' } }],
      ['has no end', { claims: { exp: undefined } }],
      ['names a key that nobody published', { header: { kid: 'k2' } }],
      ['names no key', { header: { kid: undefined } }],
      ['is of another service URL', { claims: { serviceurl: 'https://evil.example/' } }],
      ['names no service URL', { claims: { serviceurl: undefined } }],
      ['is signed by nobody', { header: { alg: 'none' } }],
      ['is of another algorithm', { header: { alg: 'HS256' } }],
    ];
    it.each(wrong)('%s', async (_, parts) => {
      const received = await receive(request(JSON.stringify(activity), `Bearer ${token(now, parts)}`));
      expect(received).toMatchObject({ kind: 'refused', code: 'bad_signature', answer: { status: 401 } });
    });

    it('is signed with a key that is not endorsed for Teams', async () => {
      const hook = request(JSON.stringify(activity), `Bearer ${token(now)}`);
      for (const published of [
        { ...jwk, endorsements: ['webchat'] },
        { ...jwk, endorsements: undefined },
      ])
        expect(await receive(hook, publishing(published))).toMatchObject({ kind: 'refused', code: 'bad_signature' });
    });

    it.each(['Bearer', 'Bearer x', 'Bearer a.b.c', 'Basic YTpi', 'HMAC', 'HMAC x'])('is none: %s', async (header) => {
      expect(await receive(request(JSON.stringify(activity), header))).toMatchObject({ kind: 'refused' });
    });
  });

  it('is taken within five minutes of the times of its token, and not later', async () => {
    const at = (seconds: number) => token(new Date(now.getTime() + seconds * 1_000));
    for (const seconds of [-290, 290])
      expect(await receive(request(JSON.stringify(activity), `Bearer ${at(seconds)}`))).toMatchObject({
        kind: 'events',
      });
    for (const seconds of [-310, 310])
      expect(await receive(request(JSON.stringify(activity), `Bearer ${at(seconds)}`))).toMatchObject({
        code: 'stale',
      });
  });

  it('comes again while the keys cannot be had', async () => {
    const none: SigningKeys = { find: () => Promise.reject(new SigningKeysUnavailable('down')) };
    const received = await receive(request(JSON.stringify(activity), `Bearer ${token(now)}`), none);
    expect(received).toMatchObject({ kind: 'refused', code: 'keys_unavailable', answer: { status: 503 } });
  });

  it('is verified by the keys that the discovery document names', async () => {
    const bench = await startSimulatorBench(['msteams']);
    const openIdUrl = `${bench.url}/msteams/openid/openidconfiguration`;
    const found = await createSigningKeys(bench.http).find({ url: openIdUrl, form: 'openid' }, 'simulated-1');
    expect(found?.jwk['endorsements']).toEqual(['msteams']);
    await bench.stop();
  });
});

describe('an outgoing webhook', () => {
  it('is signed as its vector says, with the bytes of its token', async () => {
    const body = '{"text":"hi"}';
    const mac = 'NkCMMk3c2Z97wQnNQRGS7eFUvcEhU7jjs204z8HgXnA=';
    expect(hmac('sha256', Buffer.from(webhookToken, 'base64'), 'base64', body)).toBe(mac);
    expect(await receive(request(body, `HMAC ${mac}`))).toMatchObject({ kind: 'events' });
    expect(await receive(request(`${body} `, `HMAC ${mac}`))).toMatchObject({ kind: 'refused', code: 'bad_signature' });
  });

  it('is answered with a message, and is the same event as at the bot', async () => {
    const body = JSON.stringify(activity);
    const mac = createHmac('sha256', Buffer.from(webhookToken, 'base64')).update(body).digest('base64');
    const received = await receive(request(body, `HMAC ${mac}`));
    expect(received).toMatchObject({ answer: { status: 200, body: { type: 'message', text: expect.any(String) } } });
    expect(received?.kind === 'events' && received.events[0]).toEqual(await read(activity));
  });
});

describe('an activity', () => {
  it('is a message with its place, author and text', async () => {
    expect(await read(activity)).toEqual({
      event: {
        key: `created ${channel} 1700000000000`,
        kind: 'created',
        room: channel,
        nativeId: `${channel};messageid=1700000000000/1700000000000`,
        at: '2026-03-01T12:00:00.123Z',
        sender: { id: '29:ann', name: 'Ann Archer' },
        text: 'a **bold** [@Ben](mention:acme/29%3Aben)',
      },
    });
  });

  it('is a reply where it names another root, and none in a chat', async () => {
    const root = `${channel};messageid=1700000000000/1700000000000`;
    expect(await read({ ...activity, id: '1700000000009' })).toMatchObject({ event: { thread: root } });
    const chat = { id: '19:talk@thread.v2', conversationType: 'groupChat' };
    const said = await read({ ...activity, conversation: chat, replyToId: '1' });
    expect(said).toMatchObject({ event: { room: '19:talk@thread.v2', nativeId: '19:talk@thread.v2/1700000000000' } });
    expect(said).not.toHaveProperty('event.thread');
  });

  it('is an edit with a revision that rises with its time', async () => {
    const edit = { ...activity, type: 'messageUpdate', channelData: { eventType: 'editMessage' } };
    const [one, two] = [await read(edit), await read({ ...edit, timestamp: '2026-03-01T12:00:00.2Z' })];
    const revisions = [one, two].map((each) =>
      each !== undefined && 'event' in each ? each.event.revision : undefined,
    );
    expect(revisions[0]).toMatch(/^\d{16}$/);
    expect([...revisions].sort()).toEqual(revisions);
    expect(one).toMatchObject({ event: { kind: 'edited', text: expect.stringContaining('**bold**') } });
    expect(one).not.toMatchObject({ event: { key: (two as { event: { key: string } }).event.key } });
  });

  it('is a delete', async () => {
    const { text: _, attachments: __, ...rest } = activity;
    const gone = { ...rest, type: 'messageDelete', channelData: { eventType: 'softDeleteMessage' } };
    expect(await read(gone)).toEqual({
      event: {
        key: `deleted ${channel} 1700000000000`,
        kind: 'deleted',
        room: channel,
        nativeId: `${channel};messageid=1700000000000/1700000000000`,
        at: '2026-03-01T12:00:00.123Z',
      },
    });
  });

  it('is several reactions, each with a key of its own', async () => {
    const reaction = {
      ...activity,
      type: 'messageReaction',
      id: 'f:1',
      conversation: { id: channel },
      replyToId: '1700000000000',
      reactionsAdded: [{ type: 'like' }, { type: 'heart' }],
      reactionsRemoved: [{ type: 'like' }, { type: '1f389_party' }],
    };
    const events = (await read(reaction)) as unknown as {
      event: { key: string; kind: string; emoji: string; nativeId: string };
    }[];
    expect(events.map(({ event: { kind, emoji } }) => [kind, emoji])).toEqual([
      ['reacted', '👍'],
      ['reacted', '❤️'],
      ['unreacted', '👍'],
      ['unreacted', ':1f389_party:'],
    ]);
    expect(new Set(events.map(({ event: { key } }) => key)).size).toBe(4);
    const { linkKey = String } = msteams.inbound ?? {};
    expect(linkKey(events[0]?.event.nativeId ?? '')).toBe(linkKey(`${channel};messageid=1700000000000/1700000000000`));
  });

  it('brings the files of a personal chat', async () => {
    const file = {
      contentType: 'application/vnd.microsoft.teams.file.download.info',
      name: 'log.txt',
      contentUrl: 'https://acme.sharepoint.com/log.txt',
      content: { downloadUrl: 'https://acme.sharepoint.com/download', uniqueId: 'F1', fileType: 'txt' },
    };
    expect(await read({ ...activity, text: '', attachments: [file] })).toMatchObject({
      event: {
        text: '',
        files: [
          {
            id: 'F1',
            name: 'log.txt',
            url: 'https://acme.sharepoint.com/download',
            page: 'https://acme.sharepoint.com/log.txt',
          },
        ],
      },
    });
  });

  it.each([
    ['our own post', { from: { id: `28:${appId}` } }, 'own_post'],
    ["another bot's post", { from: { id: '28:another' } }, 'bot_post'],
    ['a new member', { type: 'conversationUpdate' }, 'unsupported_event'],
    ['an installation', { type: 'installationUpdate', action: 'add' }, 'unsupported_event'],
    [
      'a message that is restored',
      { type: 'messageUpdate', channelData: { eventType: 'undeleteMessage' } },
      'message_restored',
    ],
  ])('passes over %s', async (_, change, code) => {
    expect(await read({ ...activity, ...change })).toEqual({ ignored: code });
  });

  it.each([
    ['conversation', { conversation: {} }],
    ['time', { timestamp: 'yesterday' }],
    ['id', { id: undefined }],
    ['sender', { from: undefined }],
    ['message that is reacted to', { type: 'messageReaction', reactionsAdded: [{ type: 'like' }] }],
    ['reaction', { type: 'messageReaction', replyToId: '1' }],
  ])('without a %s is kept for an operator', async (_, change) => {
    expect(await read({ ...activity, ...change })).toMatchObject({ kind: 'unreadable', answer: { status: 200 } });
  });
});
