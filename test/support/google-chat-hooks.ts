import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { googleChat } from '../../src/connectors/google-chat/index.ts';
import type { HookRequest, Received } from '../../src/connectors/contract/inbound.ts';
import type { SigningKeys } from '../../src/connectors/contract/signing-keys.ts';
import { settings as simulated } from './google-chat.ts';

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const real: KeyPair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const oidcUrl = 'https://keys.example/jwks';
const certsUrl = 'https://keys.example/x509';
/** The issuer's published keys in both forms. */
export const keys: SigningKeys = {
  async find({ url, form }, kid) {
    const isThere = (url === oidcUrl && form === 'jwks') || (url === certsUrl && form === 'x509');
    return isThere && kid === 'k1' ? { key: real.publicKey, jwk: {} } : undefined;
  },
};
export const hookUrl = 'https://carillon.example/hooks/under-test';
export const base = {
  ...simulated('https://chat.example'),
  oidcKeysUrl: oidcUrl,
  chatCertsUrl: certsUrl,
};
export const settings = { ...base, audience: hookUrl };
const google = { iss: 'https://accounts.google.com', email_verified: true };
export const asChat = { ...google, aud: hookUrl, email: 'chat@system.gserviceaccount.com' };
export const asPush = { ...google, aud: base.pushAudience, email: base.pushServiceAccount };

/** Makes a signed request by hand after Google's documentation, without the code under test. */
export async function request(body: string, claims: object, now: Date, key = real, kid = 'k1'): Promise<HookRequest> {
  const iat = Math.floor(now.getTime() / 1_000);
  const token = await new SignJWT({ iat, exp: iat + 3_600, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid })
    .sign(key.privateKey);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return { method: 'POST', path: '', query: new URLSearchParams(), headers, body: Buffer.from(body) };
}

export const sender = { name: 'users/101', displayName: 'Ann Archer', type: 'HUMAN' };
export const name = 'spaces/AAAA/messages/m1.m2';
export const message = {
  name,
  sender,
  createTime: '2026-03-01T11:59:00.123456Z',
  text: 'a bold @Ben Baker',
  formattedText: 'a *bold* <users/102>',
  annotations: [
    {
      type: 'USER_MENTION',
      startIndex: 7,
      length: 10,
      userMention: { user: { name: 'users/102', displayName: 'Ben Baker', type: 'HUMAN' } },
    },
  ],
  thread: { name: 'spaces/AAAA/threads/t1' },
  space: { name: 'spaces/AAAA' },
};
export const classic = (more: object = {}) => ({
  type: 'MESSAGE',
  eventTime: message.createTime,
  message,
  user: sender,
  ...more,
});
export const push = (type: string, data: object | string, attributes: object = {}): string =>
  JSON.stringify({
    message: {
      data: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)).toString('base64'),
      attributes: {
        'ce-type': `google.workspace.chat.${type}`,
        'ce-time': '2026-03-01T12:00:00.5Z',
        'ce-id': 'e1',
        ...attributes,
      },
      messageId: '11',
      publishTime: '2026-03-01T12:00:01Z',
    },
    subscription: 'projects/p/subscriptions/s',
  });

export const now = new Date('2026-03-01T12:00:00Z');
export const receive = async (
  one: HookRequest,
  more: object = {},
  at = now,
  known = keys,
): Promise<Received | undefined> =>
  googleChat.inbound?.receive(one, { id: 'acme', settings: { ...settings, ...more } }, { now: at, keys: known });
export const read = async (body: string, claims: object = asPush) => {
  const received = await receive(await request(body, claims, now));
  return received?.kind === 'events' ? received.events : received;
};
export const text = 'a **bold** [@Ben Baker](mention:under-test/users%2F102)';
