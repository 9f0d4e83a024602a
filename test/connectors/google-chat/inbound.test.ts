import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { googleChat } from '../../../src/connectors/google-chat/index.ts';
import type { HookRequest } from '../../../src/connectors/contract/inbound.ts';
import { SigningKeysUnavailable } from '../../../src/connectors/inbound/signing-keys.ts';
import type { SigningKeys } from '../../../src/connectors/contract/signing-keys.ts';
import {
  asChat,
  asPush,
  base,
  classic,
  hookUrl,
  keys,
  message,
  now,
  push,
  real,
  receive,
  request,
  sender,
  settings,
  text,
} from '../../support/google-chat-hooks.ts';
import { inboundSuite } from '../../suites/inbound-suite.ts';

const other = generateKeyPairSync('rsa', { modulusLength: 2_048 });

const unsigned = (one: HookRequest): HookRequest => ({ ...one, headers: { 'content-type': 'application/json' } });
/** Spoils the signature. Changing the body would not do, because the token does not cover it. */
const spoilt = ({ headers, ...one }: HookRequest): HookRequest => {
  const [head, payload] = (headers['authorization'] ?? '').split('.');
  return { ...one, headers: { ...headers, authorization: `${head}.${payload}.${'A'.repeat(342)}` } };
};
const common = { connector: googleChat, keys, forged: spoilt, unsigned, refusal: 401, isDated: false } as const;

describe('interaction events for a URL audience', () => {
  inboundSuite({
    ...common,
    settings,
    request: (body, at) => request(body, asChat, at),
    message: { body: JSON.stringify(classic()), text },
    unknown: JSON.stringify({ type: 'ADDED_TO_SPACE', space: { name: 'spaces/AAAA' } }),
  });
});

describe('interaction events for a project number', () => {
  inboundSuite({
    ...common,
    settings: { ...base, audience: '123456789' },
    request: (body, at) => request(body, { iss: 'chat@system.gserviceaccount.com', aud: '123456789' }, at),
    message: {
      body: JSON.stringify({ commonEventObject: {}, chat: { user: sender, messagePayload: { message } } }),
      text,
    },
    unknown: JSON.stringify({ commonEventObject: {}, chat: { user: sender, removedFromSpacePayload: {} } }),
  });
});

describe('pushes of Pub/Sub', () => {
  inboundSuite({
    ...common,
    settings,
    request: (body, at) => request(body, asPush, at),
    message: { body: push('message.v1.created', { message }), text },
    unknown: push('membership.v1.created', { membership: {} }),
  });
});

describe('the token of a request from Google', () => {
  const body = push('message.v1.created', { message });
  it.each([
    ['of another issuer', { ...asPush, iss: 'https://accounts.example' }],
    ['of another audience', { ...asPush, aud: 'another' }],
    ['of another account', { ...asPush, email: 'eve@example.iam.gserviceaccount.com' }],
    ['whose address is not verified', { ...asPush, email_verified: false }],
    ['without an end', { ...asPush, exp: undefined }],
    ['of the other way, with its audience', { ...asChat, aud: base.pushAudience }],
    ['that Google Chat signed itself, for a URL', { iss: 'chat@system.gserviceaccount.com', aud: hookUrl }],
  ])('a request with a token %s is refused', async (_, claims) => {
    expect(await receive(await request(body, claims, now))).toMatchObject({
      kind: 'refused',
      answer: { status: 401 },
      code: 'bad_signature',
    });
  });

  it('a request whose token is signed with another key, or with an unpublished key, is refused', async () => {
    for (const one of [await request(body, asPush, now, other), await request(body, asPush, now, real, 'k2')])
      expect(await receive(one)).toMatchObject({ kind: 'refused', code: 'bad_signature' });
  });

  it('a request whose token is unsigned, or signed with the public key as a secret, is refused', async () => {
    const parts = [
      { alg: 'none', kid: 'k1' },
      { ...asPush, exp: 9_999_999_999, iat: 1 },
    ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    const made = await request(body, asPush, now);
    const symmetric = await new SignJWT({ ...asPush, iat: 1, exp: 9_999_999_999 })
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .sign(Buffer.from(real.publicKey.export({ type: 'spki', format: 'pem' }) as string));
    for (const token of [`${parts.join('.')}.`, symmetric, 'a.b.c', 'x'])
      expect(await receive({ ...made, headers: { ...made.headers, authorization: `Bearer ${token}` } })).toMatchObject({
        kind: 'refused',
        answer: { status: 401 },
      });
  });

  it.each([
    ['that has expired', -3_600 - 301, 'stale'],
    ['from the future', 301, 'stale'],
  ])('a request with a token %s is refused', async (_, seconds, code) => {
    const one = await request(body, asPush, new Date(now.getTime() + seconds * 1_000));
    expect(await receive(one)).toMatchObject({ kind: 'refused', code });
  });

  it('a request of an add-on is accepted if the settings name its account as the signer', async () => {
    const signer = 'service-1@gcp-sa-gsuiteaddons.iam.gserviceaccount.com';
    const one = await request(JSON.stringify(classic()), { ...asChat, email: signer }, now);
    expect(await receive(one)).toMatchObject({ kind: 'refused' });
    expect(await receive(one, { signer })).toMatchObject({ kind: 'events' });
  });

  it('a push is refused if the connection has no push audience', async () => {
    const { pushAudience: _, ...without } = settings;
    const one = await request(body, asPush, now);
    const connection = { id: 'acme', settings: without };
    expect(await googleChat.inbound?.receive(one, connection, { now, keys })).toMatchObject({ kind: 'refused' });
  });

  it('a request whose keys cannot be fetched is answered with 503, so that Google sends it again', async () => {
    const away: SigningKeys = {
      find: async () => {
        throw new SigningKeysUnavailable('away');
      },
    };
    expect(await receive(await request(body, asPush, now), {}, now, away)).toMatchObject({
      kind: 'refused',
      code: 'keys_unavailable',
      answer: { status: 503 },
    });
  });
});
