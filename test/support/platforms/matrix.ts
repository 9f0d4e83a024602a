import { matrix as connector } from '../../../src/connectors/matrix/index.ts';
import { settings } from '../matrix.ts';
import type { Platform } from './platform.ts';

/** Returns the id of a room of version 12, whose ids have no server. */
const id = (room: string): string => `!${room.replaceAll(/[^A-Za-z0-9]/g, '')}AbC-_0`;

export const matrix: Platform = {
  connector,
  settings,
  address: (room) => ({ room: id(room) }),
  room: id,
  event(room, n, now) {
    const time = now.getTime();
    const content = { msgtype: 'm.text', body: `message ${n}`, 'm.mentions': {} };
    const said = { type: 'm.room.message', sender: '@ann:sim.example', origin_server_ts: time, content };
    const event = { ...said, room_id: id(room), event_id: `$${time}-${n}` };
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${settings('').hsTokens[1]}` };
    const path = `/_matrix/app/v1/transactions/${time}-${n}`;
    return { method: 'PUT', path, headers, body: JSON.stringify({ events: [event] }) };
  },
  subscribe: (rooms, url) =>
    rooms.control('matrix', 'subscribe', { subscriptions: [{ url, hsToken: settings('').hsTokens[1] }] }),
};
