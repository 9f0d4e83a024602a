import type { Outgoing } from '../../src/connectors/contract/connector.ts';
import type { Target } from '../../src/connectors/contract/context.ts';
import type { Shown } from '../suites/connector-suite.ts';
import type { Created } from './outgoing.ts';
import { roomsAt } from './rooms.ts';
import type { SimulatorBench } from './simulators.ts';

/** What the simulator holds; nothing of it is ever taken away. */
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

/** A post as users see it. */
export const shown = async (bench: SimulatorBench, { delivery, destination }: Outgoing): Promise<Shown | undefined> => {
  const posts = await held(bench, String(destination.address['channel']));
  const found = posts.find(
    ({ metadata, deleted }) => deleted !== true && metadata?.event_payload.delivery_id === delivery,
  );
  const root = posts.find(({ ts }) => ts === found?.thread_ts)?.metadata?.event_payload.delivery_id;
  return found && { text: found.text, ...(root === undefined ? {} : { replyTo: root }) };
};

/** Emoji at what this created, as users see them. */
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

/** As Slack refuses: in the body, behind status 200. */
export const refusal = (error: string) => ({ status: 200, body: { ok: false, error } });
