import type { Outgoing } from '../../src/connectors/contract/connector.ts';
import type { Target } from '../../src/connectors/contract/context.ts';
import { markOf, withoutMarks } from '../../src/connectors/text/invisible-mark.ts';
import type { Shown } from '../suites/connector-suite.ts';
import type { Created } from './outgoing.ts';
import { roomsAt } from './rooms.ts';
import type { SimulatorBench } from './simulators.ts';

export interface HeldMessage {
  readonly id: string;
  readonly from: string;
  readonly message: string;
  /** The text before any edit. */
  readonly original: string;
  readonly rich_text: readonly object[];
  readonly at_items: readonly object[];
  readonly reply_main_message_id?: string;
  readonly deleted?: true;
}
/** What the simulator holds. Deleted messages stay in it. */
interface Accepted {
  readonly channels: Record<string, HeldMessage[]>;
}

/** Returns the id of a channel for a short name of a test. */
export const channelOf = (name: string): string => Buffer.from(name).toString('hex').padEnd(32, '0').slice(0, 32);
export const usual = channelOf('ops');

/** Everything that was sent to a channel, oldest first. */
export const held = async (bench: SimulatorBench, channel = usual): Promise<HeldMessage[]> =>
  (await bench.accepted<Accepted>('zoom')).channels[channel] ?? [];

/** Returns the number of messages of a delivery in the usual channel. */
export const copiesOf = async (bench: SimulatorBench, delivery: string): Promise<number> =>
  (await held(bench)).filter(({ original }) => original.startsWith(markOf(delivery))).length;

/** Returns the delivery of `sampleOutgoing` whose mark a text has. */
const deliveryOf = (text: string): string | undefined => {
  const all = Array.from({ length: 2_000 }, (_, index) => `dlv_sample${index + 1}`);
  return all.find((delivery) => text.startsWith(markOf(delivery)));
};

/** A message as users see it; undefined when they do not see it. */
export const shown = async (bench: SimulatorBench, { delivery, destination }: Outgoing): Promise<Shown | undefined> => {
  const messages = await held(bench, String(destination.address['channel']));
  const found = messages.find(({ original, deleted }) => deleted !== true && original.startsWith(markOf(delivery)));
  const root = messages.find(({ id }) => id === found?.reply_main_message_id);
  const replyTo = root === undefined ? undefined : deliveryOf(root.original);
  return found && { text: withoutMarks(found.message), ...(replyTo === undefined ? {} : { replyTo }) };
};

/** The emoji that users see at the message that this created. */
export const reactionsOf = async (bench: SimulatorBench, { out, receipt }: Created): Promise<string[]> => {
  const room = await roomsAt(bench.url).read('zoom', String(out.destination.address['channel']));
  return Object.keys(room.find(({ id }) => receipt?.nativeId.includes(id))?.reactions ?? {});
};

export const settings = (base: string) => ({
  accountId: 'SimAccount',
  clientId: 'sim-client',
  clientSecret: 'Zoom-client-secret-7f3a',
  secretTokens: ['zoom-secret-token-91bd'],
  user: 'carillon@example.com',
  baseUrl: `${base}/zoom/v2/`,
  fileUrl: `${base}/zoom/file/v2/`,
  tokenUrl: `${base}/zoom/oauth/token`,
});
export const target = (base: string, channel = usual, more: object = {}): Target => ({
  connection: { id: 'acme-zoom', settings: { ...settings(base), ...more } },
  destination: { id: 'ops-zoom', address: { channel } },
});

/** A refusal in the form of Zoom: a code in the body, and the status that Zoom's page gives for it. */
export const refusal = (code: number, status = 400) => ({ status, body: { code, message: 'refused by the test' } });
