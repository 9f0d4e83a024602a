import type { Outgoing } from '../../src/connectors/contract/connector.ts';
import type { Target } from '../../src/connectors/contract/context.ts';
import type { Shown } from '../suites/connector-suite.ts';
import type { Created } from './outgoing.ts';
import { roomsAt } from './rooms.ts';
import type { SimulatorBench } from './simulators.ts';

/** An event as the simulator holds it. */
export interface HeldEvent {
  readonly event_id: string;
  readonly type: string;
  readonly sender: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly unsigned?: { readonly redacted_because: object };
}

interface Accepted {
  readonly rooms: Record<string, HeldEvent[]>;
  readonly names: Record<string, string>;
}

export const room = '!ops:sim.example';

/** Everything that was sent to a room, oldest first. */
export const held = async (bench: SimulatorBench, id: string): Promise<HeldEvent[]> =>
  (await bench.accepted<Accepted>('matrix')).rooms[id] ?? [];

export const names = async (bench: SimulatorBench) => (await bench.accepted<Accepted>('matrix')).names;

const deliveryOf = ({ content }: HeldEvent): unknown => content['com.carillon.delivery'];

/** Returns the number of messages of a delivery in a room, without edits. */
export const copies = async (bench: SimulatorBench, delivery: string): Promise<number> =>
  (await held(bench, room)).filter((one) => one.type === 'm.room.message' && deliveryOf(one) === delivery).length;

/** A message as users see it, with its newest plain text; undefined when they do not see it. */
export const shown = async (bench: SimulatorBench, { delivery, destination }: Outgoing): Promise<Shown | undefined> => {
  const events = await held(bench, String(destination.address['room']));
  const found = events.find((one) => deliveryOf(one) === delivery);
  if (found === undefined || found.unsigned !== undefined) return undefined;
  const relates = (one: HeldEvent) => (one.content['m.relates_to'] ?? {}) as Record<string, unknown>;
  const edit = events
    .filter((one) => relates(one)['rel_type'] === 'm.replace' && relates(one)['event_id'] === found.event_id)
    .at(-1);
  const content = (edit?.content['m.new_content'] ?? found.content) as Record<string, unknown>;
  const root = events.find(
    (one) => relates(found)['rel_type'] === 'm.thread' && one.event_id === relates(found)['event_id'],
  );
  return { text: String(content['body']), ...(root === undefined ? {} : { replyTo: String(deliveryOf(root)) }) };
};

/** The emoji that users see at the message that this created. */
export const reactionsOf = async (bench: SimulatorBench, { out, receipt }: Created): Promise<string[]> => {
  const messages = await roomsAt(bench.url).read('matrix', String(out.destination.address['room']));
  return Object.keys(messages.find(({ id }) => receipt?.nativeId.includes(id))?.reactions ?? {});
};

export const settings = (base: string) => ({
  homeserver: `${base}/matrix/`,
  asToken: 'as_carillon_secret',
  hsTokens: ['hs-an-old-one', 'hs-the-token'],
  serverName: 'sim.example',
  senderLocalpart: 'carillon',
});

export const target = (base: string, id = room, more: object = {}): Target => ({
  connection: { id: 'acme-matrix', settings: { ...settings(base), ...more } },
  destination: { id: 'ops-matrix', address: { room: id } },
});

/** A refusal in the form of a homeserver. */
export const refusal = (status: number, errcode: string) => ({ status, body: { errcode, error: 'no' } });
