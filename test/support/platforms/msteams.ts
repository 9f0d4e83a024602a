import { createHmac } from 'node:crypto';
import { msteams as connector } from '../../../src/connectors/msteams/index.ts';
import { appId, settings } from '../msteams.ts';
import type { Platform } from './platform.ts';

const webhookToken = Buffer.from('the token of an outgoing webhook').toString('base64');
const conversation = (room: string): string => `19:${room.replaceAll(/[^A-Za-z0-9]/g, '')}@thread.tacv2`;

export const msteams: Platform = {
  connector,
  settings: (simulators) => ({
    ...settings(simulators),
    outgoingWebhookSecrets: [webhookToken],
    graphTenant: 'tenant-sim',
    graphUrl: `${simulators}/msteams/graph/v1.0/`,
  }),
  address: (room) => ({ conversation: conversation(room), team: '00000000-0000-4000-8000-0000000007ea' }),
  room: conversation,
  // The event is that of an outgoing webhook. Events of the bot are signed with a key that only the simulator has.
  event(room, n, now) {
    const id = String(now.getTime() + n);
    const body = JSON.stringify({
      type: 'message',
      id,
      timestamp: now.toISOString(),
      channelId: 'msteams',
      from: { id: '29:1ann-sim', name: 'Ann Archer' },
      conversation: { id: `${conversation(room)};messageid=${id}`, conversationType: 'channel' },
      text: `message ${n}`,
      textFormat: 'plain',
    });
    const mac = createHmac('sha256', Buffer.from(webhookToken, 'base64')).update(body).digest('base64');
    return { headers: { 'content-type': 'application/json; charset=utf-8', authorization: `HMAC ${mac}` }, body };
  },
  subscribe: (rooms, url) => rooms.control('msteams', 'subscribe', { subscriptions: [{ url, appId }] }),
};
