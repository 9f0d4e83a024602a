import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { googleChat as connector } from '../../../src/connectors/google-chat/index.ts';
import { settings } from '../google-chat.ts';
import type { Platform } from './platform.ts';

const space = (room: string): string => `spaces/AAAA${room.replaceAll(/[^A-Za-z0-9]/g, '')}`;

/** A key of our own, not the simulator's. It is made when a test or a benchmark first signs an event. */
let made: ReturnType<typeof makeKey> | undefined;
const makeKey = () => generateKeyPairSync('rsa', { modulusLength: 2_048 });
const key = () => (made ??= makeKey());
const kid = 'made-by-a-test';

/** The last token. Pub/Sub uses one token for many pushes. */
let token: { readonly minute: number; readonly text: Promise<string> } | undefined;
function tokenAt(now: Date): Promise<string> {
  const minute = Math.floor(now.getTime() / 60_000);
  if (token?.minute !== minute) {
    const { pushAudience, pushServiceAccount: email } = settings('');
    const claims = new SignJWT({ email, email_verified: true })
      .setProtectedHeader({ alg: 'RS256', kid })
      .setIssuer('https://accounts.google.com')
      .setAudience(pushAudience)
      .setIssuedAt(minute * 60)
      .setExpirationTime(minute * 60 + 3_600);
    token = { minute, text: claims.sign(key().privateKey) };
  }
  return token.text;
}

export const googleChat: Platform = {
  connector,
  settings: (simulators) => ({ ...settings(simulators), historyUser: 'ann@example.com' }),
  address: (room) => ({ space: space(room) }),
  room: space,
  subscribe: (rooms, url) => {
    const { pushAudience: audience, pushServiceAccount: email } = settings('');
    return rooms.control('google-chat', 'subscribe', { subscriptions: [{ url, kind: 'push', audience, email }] });
  },
  published: {
    setting: 'oidcKeysUrl',
    document: () => ({ keys: [{ ...key().publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] }),
  },
  async event(room, n, now) {
    const at = now.toISOString();
    const name = `${space(room)}/messages/${now.getTime()}.${n}`;
    const sender = { name: 'users/101', displayName: 'Ann Archer', type: 'HUMAN' };
    const thread = { name: name.replace('/messages/', '/threads/') };
    const message = { name, sender, createTime: at, text: `message ${n}`, thread, space: { name: space(room) } };
    const push = {
      message: {
        data: Buffer.from(JSON.stringify({ message })).toString('base64'),
        attributes: {
          'ce-id': `${space(room)}/spaceEvents/${now.getTime()}-${n}`,
          'ce-subject': `//chat.googleapis.com/${space(room)}`,
          'ce-type': 'google.workspace.chat.message.v1.created',
          'ce-time': at,
        },
        messageId: String(n),
        publishTime: at,
      },
      subscription: 'projects/p/subscriptions/carillon',
    };
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${await tokenAt(now)}` };
    return { headers, body: JSON.stringify(push) };
  },
};
