import { slack as connector } from '../../../src/connectors/slack/index.ts';
import type { Platform } from './platform.ts';

const secret = 'a-signing-secret';
const channel = (room: string): string => `C0${room.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')}`;

export const slack: Platform = {
  connector,
  settings: (simulators) => ({
    botToken: 'xoxb-1-2-abc',
    signingSecrets: ['an-old-one', secret],
    baseUrl: `${simulators}/slack/api/`,
  }),
  address: (room) => ({ channel: channel(room) }),
  room: channel,
  subscribe: (rooms, url) => rooms.control('slack', 'subscribe', { subscriptions: [{ url, secret }] }),
};
