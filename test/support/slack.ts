import type { Outgoing } from '../../src/connectors/contract/connector.ts';
import type { Target } from '../../src/connectors/contract/context.ts';
import type { Shown } from '../suites/connector-suite.ts';
import type { Created } from './outgoing.ts';
import { roomsAt } from './rooms.ts';
import type { SimulatorBench } from './simulators.ts';

/** What the simulator holds. Deleted posts stay in it. */
interface Accepted {
  readonly channels: Record<
    string,
    {
      ts: string;
      text: string;
      thread_ts?: string;
      deleted?: true;
      metadata?: { event_payload: { delivery_id: string } };
    }[]
  >;
}

/** Everything that was posted to a channel, oldest first. */
export const held = async (bench: SimulatorBench, channel: string) =>
  (await bench.accepted<Accepted>('slack')).channels[channel] ?? [];

/** A post as users see it; undefined when they do not see it. */
export const shown = async (bench: SimulatorBench, { delivery, destination }: Outgoing): Promise<Shown | undefined> => {
  const posts = await held(bench, String(destination.address['channel']));
  const found = posts.find(
    ({ metadata, deleted }) => deleted !== true && metadata?.event_payload.delivery_id === delivery,
  );
  const root = posts.find(({ ts }) => ts === found?.thread_ts)?.metadata?.event_payload.delivery_id;
  return found && { text: found.text, ...(root === undefined ? {} : { replyTo: root }) };
};

/** The emoji that users see at the message that this created. */
export const reactionsOf = async (bench: SimulatorBench, { out, receipt }: Created): Promise<string[]> => {
  const room = await roomsAt(bench.url).read('slack', String(out.destination.address['channel']));
  return Object.keys(room.find(({ id }) => receipt?.nativeId.includes(id))?.reactions ?? {});
};

export const settings = (base: string) => ({
  botToken: 'xoxb-1234-5678-abcDEF',
  signingSecrets: ['8f742231b10e8888abcd99yyyzzz85a5'],
  baseUrl: `${base}/slack/api/`,
});
export const target = (base: string, channel = 'C0OPS', more: object = {}): Target => ({
  connection: { id: 'acme-slack', settings: { ...settings(base), ...more } },
  destination: { id: 'ops-slack', address: { channel } },
});

/** A refusal in the form of Slack: in the body of a 200. */
export const refusal = (error: string) => ({ status: 200, body: { ok: false, error } });
