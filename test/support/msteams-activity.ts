import { generateKeyPairSync, sign, type JsonWebKey } from 'node:crypto';
import { msteams } from '../../src/connectors/msteams/index.ts';
import type { HookRequest } from '../../src/connectors/contract/inbound.ts';
import type { SigningKeys } from '../../src/connectors/contract/signing-keys.ts';

export const appId = '1f4b5c2e-0000-4000-8000-00000000c0de';
export const serviceUrl = 'https://smba.trafficmanager.net/emea/';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
export const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
export const webhookToken = 'vqF0En+Z0ucuRTM/01o2GuhMH3hKKk/N2bOmlM31zaA=';
export const settings = { appId, appPassword: 'x', outgoingWebhookSecrets: ['b2xk', webhookToken] };
export const jwk: JsonWebKey & Record<string, unknown> = {
  ...publicKey.export({ format: 'jwk' }),
  endorsements: ['msteams'],
};
export const publishing = (published: Record<string, unknown>): SigningKeys => ({
  find: async (_, kid) => (kid === 'k1' ? { key: publicKey, jwk: published } : undefined),
});
export const keys = publishing(jwk);

export interface TokenParts {
  readonly header?: object;
  readonly claims?: object;
  readonly key?: typeof privateKey;
}

/** Makes a token by hand after the vendor's documentation, without the code under test. It expires at once. */
export function token(now: Date, { header, claims, key = privateKey }: TokenParts = {}): string {
  const seconds = Math.floor(now.getTime() / 1_000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const usual = { iss: 'https://api.botframework.com', aud: appId, nbf: seconds, exp: seconds, serviceurl: serviceUrl };
  const head = `${part({ alg: 'RS256', typ: 'JWT', kid: 'k1', ...header })}.${part({ ...usual, ...claims })}`;
  return `${head}.${sign('sha256', Buffer.from(head), key).toString('base64url')}`;
}

export function request(body: string, authorization: string): HookRequest {
  const headers = { 'content-type': 'application/json; charset=utf-8', authorization };
  return { method: 'POST', path: '', query: new URLSearchParams(), headers, body: Buffer.from(body) };
}

export const channel = '19:ops@thread.tacv2';
const place = { id: `${channel};messageid=1700000000000`, conversationType: 'channel' };
export const activity = {
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
export const now = new Date('2026-03-01T12:00:00Z');
const connection = { id: 'acme', settings };

export async function receive(hook: HookRequest, published: SigningKeys = keys) {
  return msteams.inbound?.receive(hook, connection, { now, keys: published });
}
/** Returns the only event of an activity, or all events if there are several. */
export async function read(body: object) {
  const received = await receive(request(JSON.stringify(body), `Bearer ${token(now)}`));
  if (received?.kind !== 'events') return received;
  return received.events.length === 1 ? received.events[0] : received.events;
}
