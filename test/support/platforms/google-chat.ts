import { googleChat as connector } from '../../../src/connectors/google-chat/index.ts';
import { settings } from '../google-chat.ts';
import type { Platform } from './platform.ts';

const space = (room: string): string => `spaces/AAAA${room.replaceAll(/[^A-Za-z0-9]/g, '')}`;

export const googleChat: Platform = {
  connector,
  settings: (simulators) => ({ ...settings(simulators), historyUser: 'ann@example.com' }),
  address: (room) => ({ space: space(room) }),
  room: space,
  subscribe: (rooms, url) => {
    const { pushAudience: audience, pushServiceAccount: email } = settings('');
    return rooms.control('google-chat', 'subscribe', { subscriptions: [{ url, kind: 'push', audience, email }] });
  },
};
