import type { Outgoing } from '../../src/connectors/contract/connector.ts';
import type { Target } from '../../src/connectors/contract/context.ts';
import type { Shown } from '../suites/connector-suite.ts';
import type { SimulatorBench } from './simulators.ts';

/** What the simulator holds. Deleted messages stay in it. */
interface Held {
  readonly id: string;
  readonly personId: string;
  readonly text?: string;
  readonly markdown?: string;
  readonly parentId?: string;
  readonly deleted?: true;
  readonly edits: number;
}

/** Returns the id of a room that the simulator accepts: base64 of `ciscospark://us/ROOM/<name>`. */
export const roomId = (name: string): string => Buffer.from(`ciscospark://us/ROOM/${name}`).toString('base64url');

/** Everything that was posted to a room, oldest first. */
export const held = async (bench: SimulatorBench, room = roomId('ops')): Promise<Held[]> =>
  (await bench.accepted<{ rooms: Record<string, Held[]> }>('webex')).rooms[room] ?? [];

/**
 * Returns the messages of a room with their deliveries. A message does not name its delivery, so the accepted requests
 * tell it by their order.
 */
async function posted(bench: SimulatorBench, room: string): Promise<(Held & { delivery: string })[]> {
  const requests = (await bench.requests('webex')).filter(
    ({ method, path, body, accepted }) =>
      accepted && method === 'POST' && path.endsWith('/messages') && body.includes(room),
  );
  return (await held(bench, room)).map((one, index) => ({
    ...one,
    delivery: requests[index]?.headers['carillon-delivery'] ?? 'nobody',
  }));
}

export const copies = async (bench: SimulatorBench, delivery: string): Promise<number> =>
  (await posted(bench, roomId('ops'))).filter((one) => one.delivery === delivery).length;

/** A message as users see it; undefined when they do not see it. */
export const shown = async (bench: SimulatorBench, { delivery, destination }: Outgoing): Promise<Shown | undefined> => {
  const all = await posted(bench, String(destination.address['roomId']));
  const found = all.find((one) => one.delivery === delivery && one.deleted !== true);
  const root = all.find(({ id }) => id === found?.parentId)?.delivery;
  return found && { text: found.markdown ?? '', ...(root === undefined ? {} : { replyTo: root }) };
};

export const settings = (base: string) => ({
  botToken: 'bot-MjZhZmI0ZGYt',
  webhookSecrets: ['an-old-secret', 'somesecret'],
  baseUrl: `${base}/webex/v1/`,
});
export const target = (base: string, room = 'ops', more: object = {}): Target => ({
  connection: { id: 'acme-webex', settings: { ...settings(base), ...more } },
  destination: { id: 'ops-webex', address: { roomId: roomId(room) } },
});
