import { createHmac } from 'node:crypto';
import { slack as connector } from '../../../src/connectors/slack/index.ts';
import type { Platform } from './platform.ts';

const secret = 'a-signing-secret';
const channel = (room: string): string => `C0${room.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')}`;

export const slack: Platform = {
  connector,
  longest: 40_000,
  afterAnOutage: { redelivered: 0, read: 44, arrived: 36, edits: '5 of 5', deletes: '2 of 3', reactions: '3 of 4' },
  history: { path: 'conversations.history', refusal: { status: 200, body: { ok: false, error: 'not_in_channel' } } },
  settings: (simulators) => ({
    botToken: 'xoxb-1-2-abc',
    signingSecrets: ['an-old-one', secret],
    baseUrl: `${simulators}/slack/api/`,
  }),
  address: (room) => ({ channel: channel(room) }),
  room: channel,
  event(room, n, now) {
    const ts = `${Math.floor(now.getTime() / 1_000)}.${String(n).padStart(6, '0')}`;
    const event = { type: 'message', channel: channel(room), user: 'U0ANN', ts, text: `message ${n}` };
    const body = JSON.stringify({ type: 'event_callback', api_app_id: 'A1', event_id: `Ev${ts}`, event });
    const timestamp = String(Math.floor(now.getTime() / 1_000));
    const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
    const headers = {
      'content-type': 'application/json',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${signature}`,
    };
    return { headers, body };
  },
  subscribe: (rooms, url) => rooms.control('slack', 'subscribe', { subscriptions: [{ url, secret }] }),
};
