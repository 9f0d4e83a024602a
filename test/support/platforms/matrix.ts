import { matrix as connector } from '../../../src/connectors/matrix/index.ts';
import { settings } from '../matrix.ts';
import type { Platform } from './platform.ts';

/** Of version 12, whose ids name no server. */
const id = (room: string): string => `!${room.replaceAll(/[^A-Za-z0-9]/g, '')}AbC-_0`;

export const matrix: Platform = {
  connector,
  settings,
  address: (room) => ({ room: id(room) }),
  room: id,
  subscribe: (rooms, url) =>
    rooms.control('matrix', 'subscribe', { subscriptions: [{ url, hsToken: settings('').hsTokens[1] }] }),
};
