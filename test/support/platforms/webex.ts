import { webex as connector } from '../../../src/connectors/webex/index.ts';
import { roomId } from '../webex.ts';
import type { Platform } from './platform.ts';

const secret = 'a-webhook-secret';

/** With an account's token: a bot's webhook is told only of what mentions the bot. */
export const webex: Platform = {
  connector,
  settings: (simulators) => ({
    botToken: 'account-OTk4',
    webhookSecrets: ['an-old-one', secret],
    baseUrl: `${simulators}/webex/v1/`,
  }),
  address: (room) => ({ roomId: roomId(room) }),
  room: roomId,
  subscribe: (rooms, url) => rooms.control('webex', 'subscribe', { subscriptions: [{ url, secret }] }),
};
