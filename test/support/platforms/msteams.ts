import { msteams as connector } from '../../../src/connectors/msteams/index.ts';
import { appId, settings } from '../msteams.ts';
import type { Platform } from './platform.ts';

const conversation = (room: string): string => `19:${room.replaceAll(/[^A-Za-z0-9]/g, '')}@thread.tacv2`;

export const msteams: Platform = {
  connector,
  settings,
  address: (room) => ({ conversation: conversation(room) }),
  room: conversation,
  subscribe: (rooms, url) => rooms.control('msteams', 'subscribe', { subscriptions: [{ url, appId }] }),
};
