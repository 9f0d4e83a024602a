import { createHash } from 'node:crypto';
import { zoom as connector } from '../../../src/connectors/zoom/index.ts';
import type { Platform } from './platform.ts';

const secret = 'a-secret-token';
const channel = (room: string): string => createHash('md5').update(room).digest('hex');

export const zoom: Platform = {
  connector,
  settings: (simulators) => ({
    accountId: 'SimAccount',
    clientId: 'sim-client',
    clientSecret: 'sim-client-secret',
    secretTokens: ['an-old-one', secret],
    user: 'carillon@example.com',
    baseUrl: `${simulators}/zoom/v2/`,
    tokenUrl: `${simulators}/zoom/oauth/token`,
  }),
  address: (room) => ({ channel: channel(room) }),
  room: channel,
  subscribe: (rooms, url) => rooms.control('zoom', 'subscribe', { subscriptions: [{ url, secret }] }),
};
