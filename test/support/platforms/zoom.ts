import { createHash, createHmac } from 'node:crypto';
import { zoom as connector } from '../../../src/connectors/zoom/index.ts';
import { refusal } from '../zoom.ts';
import type { Platform } from './platform.ts';

const secret = 'a-secret-token';
const channel = (room: string): string => createHash('md5').update(room).digest('hex');

export const zoom: Platform = {
  connector,
  longest: 1_000,
  afterAnOutage: { redelivered: 50, read: 44, arrived: 36, edits: '5 of 5', deletes: '3 of 3', reactions: '4 of 4' },
  history: { path: '/messages', refusal: refusal(4130, 404) },
  settings: (simulators) => ({
    accountId: 'SimAccount',
    clientId: 'sim-client',
    clientSecret: 'sim-client-secret',
    secretTokens: ['an-old-one', secret],
    user: 'carillon@example.com',
    baseUrl: `${simulators}/zoom/v2/`,
    fileUrl: `${simulators}/zoom/file/v2/`,
    tokenUrl: `${simulators}/zoom/oauth/token`,
  }),
  address: (room) => ({ channel: channel(room) }),
  room: channel,
  event(room, n, now) {
    const object = {
      message_id: `M${now.getTime()}-${n}`,
      channel_id: channel(room),
      message: `message ${n}`,
      date_time: now.toISOString(),
      timestamp: now.getTime(),
    };
    const payload = { account_id: 'SimAccount', operator: 'ann@example.com', operator_id: 'uAnn', object };
    const body = JSON.stringify({ event: 'team_chat.channel_message_posted', event_ts: now.getTime(), payload });
    const timestamp = String(Math.floor(now.getTime() / 1_000));
    const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
    const headers = {
      'content-type': 'application/json',
      'x-zm-request-timestamp': timestamp,
      'x-zm-signature': `v0=${signature}`,
    };
    return { headers, body };
  },
  subscribe: (rooms, url) => rooms.control('zoom', 'subscribe', { subscriptions: [{ url, secret }] }),
};
