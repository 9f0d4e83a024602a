import type { Outgoing } from '../../src/connectors/contract/connector.ts';
import type { Target } from '../../src/connectors/contract/context.ts';
import { account } from '../../src/simulators/google-chat/account.ts';
import type { Shown } from '../suites/connector-suite.ts';
import type { SimulatorBench } from './simulators.ts';

/** What the simulator holds. Deleted messages stay in it. */
interface Accepted {
  readonly spaces: Record<
    string,
    { name: string; client?: string; thread: string; isReply: boolean; text: string; deleted?: string }[]
  >;
}

/** Everything that was posted to a space, oldest first. */
export const held = async (bench: SimulatorBench, space: string) =>
  (await bench.accepted<Accepted>('google-chat')).spaces[space] ?? [];

/** The client's message id in the form that spaces.messages.create requires, made without the code under test. */
export const clientOf = (delivery: string): string => `client-carillon-${delivery.replaceAll('_', '-')}`;

/** A post as users see it; undefined when they do not see it. */
export const shown = async (bench: SimulatorBench, { delivery, destination }: Outgoing): Promise<Shown | undefined> => {
  const posts = await held(bench, String(destination.address['space']));
  const found = posts.find(({ client, deleted }) => deleted === undefined && client === clientOf(delivery));
  if (found === undefined) return undefined;
  const root = found.isReply ? posts.find(({ thread, isReply }) => !isReply && thread === found.thread) : undefined;
  const replyTo = root?.client?.replace('client-carillon-dlv-', 'dlv_');
  return { text: found.text, ...(replyTo === undefined ? {} : { replyTo }) };
};

export const settings = (base: string) => ({
  serviceAccount: account.email,
  privateKey: account.privateKey,
  audience: 'https://carillon.example/hooks/under-test',
  pushAudience: 'carillon-push',
  pushServiceAccount: 'push@simulated.iam.gserviceaccount.com',
  baseUrl: `${base}/google-chat/v1/`,
  eventsUrl: `${base}/google-chat/events/v1/`,
  tokenUrl: `${base}/google-chat/token`,
  oidcKeysUrl: `${base}/google-chat/keys/jwks`,
  chatCertsUrl: `${base}/google-chat/keys/x509`,
});
export const target = (base: string, space = 'spaces/AAAAops', more: object = {}): Target => ({
  connection: { id: 'acme-chat', settings: { ...settings(base), ...more } },
  destination: { id: 'ops-chat', address: { space } },
});

/** A refusal in the form of Google's APIs. */
export const refusal = (code: number, status: string) => ({
  status: code,
  body: { error: { code, message: 'said so', status } },
});
