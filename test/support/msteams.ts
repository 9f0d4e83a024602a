import type { Outgoing } from '../../src/connectors/contract/connector.ts';
import type { Target } from '../../src/connectors/contract/context.ts';
import type { RecordedRequest } from '../../src/simulators/kit/requests.ts';
import type { Shown } from '../suites/connector-suite.ts';
import { roomsAt } from './rooms.ts';
import type { SimulatorBench } from './simulators.ts';

export const channel = '19:ops@thread.tacv2';
export const chat = '19:talk@thread.v2';
export const appId = '1f4b5c2e-0000-4000-8000-00000000c0de';

export const settings = (base: string) => ({
  appId,
  appPassword: 'an-app~password_of_some.length',
  tokenUrl: `${base}/msteams/login`,
  openIdUrl: `${base}/msteams/openid/openidconfiguration`,
  serviceUrl: `${base}/msteams/service/`,
  roster: channel,
});
export const target = (base: string, conversation = channel, more: object = {}): Target => ({
  connection: { id: 'acme-teams', settings: { ...settings(base), ...more } },
  destination: { id: 'ops-teams', address: { conversation } },
});

export const isPostOf = ({ method, path, headers }: RecordedRequest, delivery: string): boolean =>
  method === 'POST' && path.includes('/v3/conversations') && headers['carillon-delivery'] === delivery;

/** Teams does not know deliveries, so the recorded requests tell which posts belong to a delivery. */
async function postedFor(bench: SimulatorBench, delivery: string): Promise<string[]> {
  const posts = (await bench.requests('msteams')).filter((one) => isPostOf(one, delivery) && one.accepted);
  return posts.map(({ answer }) => {
    const { id, activityId } = (answer?.body ?? {}) as { id?: string; activityId?: string };
    return activityId ?? id ?? '';
  });
}

export const copies = async (bench: SimulatorBench, delivery: string): Promise<number> =>
  (await postedFor(bench, delivery)).length;

/** A post as users see it, without the paragraph tags around it; undefined when they do not see it. */
export const shown = async (bench: SimulatorBench, { delivery, destination }: Outgoing): Promise<Shown | undefined> => {
  const [id] = await postedFor(bench, delivery);
  const room = await roomsAt(bench.url).read('msteams', String(destination.address['conversation']));
  const found = room.find((one) => one.id === id && !one.deleted);
  if (found === undefined) return undefined;
  const root = (await bench.requests('msteams')).find(
    ({ answer }) => (answer?.body as { activityId?: string } | undefined)?.activityId === (found.thread ?? undefined),
  );
  const replyTo = found.thread === null ? undefined : root?.headers['carillon-delivery'];
  return { text: found.markup.replaceAll(/<\/?p>/g, ''), ...(replyTo === undefined ? {} : { replyTo }) };
};

/** A refusal in the form of the Bot Connector (msteams-docs, "Status codes from bot conversational APIs"). */
export const refusal = (status: number, code: string) => ({ status, body: { error: { code, message: 'no' } } });
