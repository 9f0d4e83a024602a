import { createHmac } from 'node:crypto';
import { webex as connector } from '../../../src/connectors/webex/index.ts';
import { roomId } from '../webex.ts';
import type { Platform } from './platform.ts';

const secret = 'a-webhook-secret';

/** Uses an account's token, because the webhook of a bot gets only messages that mention the bot. */
export const webex: Platform = {
  connector,
  settings: (simulators) => ({
    botToken: 'account-OTk4',
    webhookSecrets: ['an-old-one', secret],
    baseUrl: `${simulators}/webex/v1/`,
  }),
  address: (room) => ({ roomId: roomId(room) }),
  room: roomId,
  event(room, n, now) {
    const created = now.toISOString();
    const person = { personId: 'UEVPUExFL2Fubg', personEmail: 'ann@example.com' };
    const data = { id: `TUVTU0FHRS8${now.getTime()}-${n}`, roomId: roomId(room), ...person, created };
    const body = JSON.stringify({ id: 'V0VCSE9PSy8x', resource: 'messages', event: 'created', data });
    const signature = createHmac('sha1', secret).update(body).digest('hex');
    return { headers: { 'content-type': 'application/json', 'x-spark-signature': signature }, body };
  },
  subscribe: (rooms, url) => rooms.control('webex', 'subscribe', { subscriptions: [{ url, secret }] }),
};
