import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { eventually } from '../support/eventually.ts';
import { googleChat } from '../support/platforms/google-chat.ts';
import { msteams } from '../support/platforms/msteams.ts';
import { slack } from '../support/platforms/slack.ts';
import { webex } from '../support/platforms/webex.ts';
import { recordHistories } from '../support/record-histories.ts';
import { roomsAt, type Rooms } from '../support/rooms.ts';
import { startStack, type Stack, type WorkerProcess } from '../support/stack.ts';
import { subscriptionsSchedule } from '../../src/contract.ts';

let stack: Stack;
let rooms: Rooms;
let worker: WorkerProcess;
/** Runs for the replay test; see `record-histories.ts`. */
const kinds = new Map<string, string>();

beforeAll(async () => {
  stack = await startStack({ worker: false });
  worker = stack.startWorker();
  rooms = roomsAt(stack.simulators);
  await stack.must('PUT', '/v1/connections/slack', { connector: 'slack', settings: slack.settings(stack.simulators) });
  await stack.must('PUT', '/v1/destinations/slack', { connection: 'slack', address: slack.address('here') });
  await slack.subscribe(rooms, `${stack.url}/hooks/slack`);
}, 120_000);
afterAll(async () => {
  await recordHistories(stack.temporal, kinds);
  await stack.close();
});

interface Shown {
  readonly connection: string;
  readonly state: string;
  readonly did: string | null;
  readonly goodUntil: string | null;
  readonly reason: { code: string } | null;
}
const subscription = async (connection: string): Promise<Shown | undefined> =>
  ((await stack.must('GET', '/v1/subscriptions')) as { data: Shown[] }).data.find(
    (one) => one.connection === connection,
  );
const becomes = (connection: string, expected: Partial<Shown>) =>
  eventually(`${connection} is ${JSON.stringify(expected)}`, async () => {
    const found = await subscription(connection);
    const isSo = Object.entries(expected).every(([key, value]) => found?.[key as keyof Shown] === value);
    return isSo ? found : undefined;
  });
const accepted = async <T>(connector: string): Promise<T> =>
  (await fetch(`${stack.simulators}/_sim/${connector}/accepted`)).json() as Promise<T>;
const inSlack = async (text: string) =>
  (await rooms.read('slack', slack.room('here'))).filter(({ markup }) => markup.includes(text));
const isSeen = (text: string) => eventually(`"${text}" is seen`, async () => (await inSlack(text)).length > 0);

/** Starts a pass of the schedule now and waits until it has ended. */
async function pass(): Promise<{ workflowId: string; done: Record<string, number> }> {
  const handle = stack.temporal.schedule.getHandle(subscriptionsSchedule);
  const before = (await handle.describe()).info.numActionsTaken;
  await handle.trigger();
  const workflowId = await eventually('the pass has begun', async () => {
    const { info } = await handle.describe();
    return info.numActionsTaken > before && info.recentActions.at(-1)?.action.workflow.workflowId;
  });
  return { workflowId, done: (await stack.temporal.workflow.getHandle(workflowId).result()) as Record<string, number> };
}

describe('subscriptions to Webex', () => {
  const room = webex.room('war-room');
  const webhooks = async () => (await accepted<{ webhooks: { url: string; status: string }[] }>('webex')).webhooks;

  it('a bridge gets the events of a Webex room as soon as it has the room', async () => {
    const settings = { ...webex.settings(stack.simulators), keepWebhooks: true };
    await stack.must('PUT', '/v1/connections/webex', { connector: 'webex', settings });
    await stack.must('PUT', '/v1/destinations/webex', { connection: 'webex', address: webex.address('war-room') });
    expect(await webhooks()).toEqual([]);
    await stack.must('PUT', '/v1/bridges/both', { members: ['slack', 'webex'] });
    await becomes('webex', { state: 'active', did: 'created' });
    expect(await webhooks()).toMatchObject([{ url: `${stack.url}/hooks/webex`, status: 'active' }]);
    await rooms.act('webex', { room, text: 'by our own webhook' });
    await isSeen('by our own webhook');
    kinds.set('kept-subscriptions-of-one', 'subscriptions:default:webex');
  });

  it('a webhook that Webex has switched off is enabled again', async () => {
    await rooms.control('webex', 'switch-off', {});
    const { workflowId, done } = await pass();
    kinds.set('kept-subscriptions', workflowId);
    expect(done).toEqual({ enabled: 1 });
    expect(await subscription('webex')).toMatchObject({ state: 'active', did: 'enabled' });
    await rooms.act('webex', { room, text: 'switched on again' });
    await isSeen('switched on again');
  });

  it('messages posted while a Webex webhook was off are read from the history, once', async () => {
    const gaps = async () => {
      const { data } = (await stack.must('GET', '/v1/gaps')) as {
        data: { connection: string | null; caughtUpAt: string | null; rooms: object[] }[];
      };
      return data.filter(({ connection, caughtUpAt }) => connection === 'webex' && caughtUpAt !== null);
    };
    const before = await eventually('the first is read', async () => {
      const found = await gaps();
      return found.length > 0 ? found : undefined;
    });
    await rooms.control('webex', 'switch-off', {});
    await rooms.act('webex', { room, text: 'said meanwhile' });
    expect((await pass()).done).toEqual({ enabled: 1 });
    await isSeen('said meanwhile');
    const [gap] = await eventually('it is reported', async () => {
      const found = await gaps();
      return found.length > before.length ? found : undefined;
    });
    expect(gap?.rooms).toEqual([
      expect.objectContaining({ tenant: 'default', connection: 'webex', destination: 'webex', read: 3, fresh: 1 }),
    ]);
    for (const text of ['by our own webhook', 'switched on again', 'said meanwhile'])
      expect(await inSlack(text)).toHaveLength(1);
  });

  it('a subscription that Webex refuses is shown with its reason, until Webex allows it', async () => {
    const settings = { ...webex.settings(stack.simulators), keepWebhooks: true };
    const change = (more: object) =>
      stack.must('PUT', '/v1/connections/webex', { connector: 'webex', settings: { ...settings, ...more } });
    await change({ botToken: 'nobody' });
    await becomes('webex', { state: 'refused' });
    expect(await subscription('webex')).toMatchObject({ did: 'enabled', reason: { code: 'http_401', status: 401 } });
    await change({});
    await becomes('webex', { state: 'active', reason: null });
  });

  it('the Webex webhook is removed when no bridge has the room any more', async () => {
    await stack.must('DELETE', '/v1/bridges/both');
    await eventually('the webhook is gone', async () => (await webhooks()).length === 0);
    await eventually('nobody knows of it', async () => (await subscription('webex')) === undefined);
  });
});

describe('subscriptions to Google Chat by Workspace Events', () => {
  const room = googleChat.room('war-room');
  const topic = 'projects/acme/topics/carillon';
  const events = async () =>
    (await accepted<{ subscriptions: { name: string; state: string }[] }>('google-chat')).subscriptions;
  const settings = () => ({ ...googleChat.settings(stack.simulators), pubsubTopic: topic });

  it('a bridge gets the events of a Google Chat space as soon as it has the space', async () => {
    const { pushAudience: audience, pushServiceAccount: email } = settings() as Record<string, unknown>;
    const subscriber = { url: `${stack.url}/hooks/chat`, kind: 'push', audience, email, topic };
    await rooms.control('google-chat', 'subscribe', { subscriptions: [subscriber] });
    await stack.must('PUT', '/v1/connections/chat', { connector: 'google-chat', settings: settings() });
    await stack.must('PUT', '/v1/destinations/chat', { connection: 'chat', address: googleChat.address('war-room') });
    await stack.must('PUT', '/v1/bridges/chat', { members: ['slack', 'chat'] });
    await becomes('chat', { state: 'active', did: 'created' });
    expect(await events()).toMatchObject([{ targetResource: `//chat.googleapis.com/${room}`, state: 'ACTIVE' }]);
    await rooms.act('google-chat', { room, text: 'said in the space' });
    await isSeen('said in the space');
  });

  it('a subscription that Google has suspended is reactivated at once', async () => {
    const [before] = await events();
    await rooms.control('google-chat', 'lifecycle', { event: 'suspended' });
    await becomes('chat', { state: 'active', did: 'enabled' });
    expect(await events()).toMatchObject([{ name: before?.name, state: 'ACTIVE' }]);
    await rooms.act('google-chat', { room, text: 'reactivated' });
    await isSeen('reactivated');
  });

  it('an expired subscription to Google Chat is made again, and is ended with the bridge', async () => {
    await rooms.control('google-chat', 'lifecycle', { event: 'expired', isTold: false });
    expect(await events()).toEqual([]);
    expect((await pass()).done).toEqual({ created: 1 });
    await stack.must('DELETE', '/v1/bridges/chat');
    await eventually('it is gone', async () => (await events()).length === 0);
    await eventually('nobody knows of it', async () => (await subscription('chat')) === undefined);
  });
});

describe('subscriptions to Teams by Microsoft Graph', () => {
  const room = msteams.room('war-room');
  const graph = async () =>
    (await accepted<{ subscriptions: { id: string; expirationDateTime: string }[] }>('msteams')).subscriptions;
  const isTaken = () =>
    eventually('all events were taken', async () =>
      (await rooms.hooks('msteams')).every(({ state }) => state === 'taken'),
    );
  const isRouted = () =>
    eventually('all of it is routed', async () => {
      const [open] = await stack.sql`select count(*)::int as left from inbox where due_at is not null`;
      return open?.['left'] === 0;
    });

  beforeAll(async () => {
    const settings = {
      ...msteams.settings(stack.simulators),
      graphTenant: 'tenant-sim',
      graphUrl: `${stack.simulators}/msteams/graph/v1.0/`,
      graphEvents: true,
      notificationSecrets: ['a-notification-secret'],
    };
    await stack.must('PUT', '/v1/connections/msteams', { connector: 'msteams', settings });
    const address = { ...msteams.address('war-room'), team: 'fbe2bf47-16c8-47cf-b4a5-4b9b187c508b' };
    await stack.must('PUT', '/v1/destinations/msteams', { connection: 'msteams', address });
    await stack.must('PUT', '/v1/bridges/teams', { members: ['slack', 'msteams'] });
    await becomes('msteams', { state: 'active', did: 'created' });
  }, 60_000);

  it('a Graph subscription reports messages that do not mention the bot', async () => {
    const { id } = await rooms.act('msteams', { room, text: 'said to everybody' });
    await isSeen('said to everybody');
    await rooms.act('msteams', { do: 'edit', room, id, text: 'meant for everybody' });
    await isSeen('meant for everybody');
    await rooms.act('msteams', { do: 'react', room, id, user: 'ben', emoji: '👍' });
    await eventually('the reaction is shown', async () => {
      const [found] = await inSlack('meant for everybody');
      return found?.reactions['👍']?.length === 1;
    });
    await rooms.act('msteams', { do: 'delete', room, id });
    await eventually('it is gone', async () => (await inSlack('meant for everybody')).every(({ deleted }) => deleted));
  });

  it('a Teams message that Graph and the bot both report is copied once', async () => {
    await msteams.subscribe(rooms, `${stack.url}/hooks/msteams`);
    for (const order of ['same', 'reversed'] as const) {
      await rooms.outbox('msteams', { held: true });
      await rooms.act('msteams', { room, text: `told twice, ${order}` });
      await rooms.outbox('msteams', { held: false, release: order });
      await isSeen(`told twice, ${order}`);
      await isTaken();
    }
    await isRouted();
    for (const order of ['same', 'reversed']) expect(await inSlack(`told twice, ${order}`)).toHaveLength(1);
    await rooms.control('msteams', 'subscribe', { subscriptions: [] });
  });

  it("a Graph subscription does not bring back Carillon's own posts", async () => {
    await rooms.act('slack', { room: slack.room('here'), text: 'from Slack' });
    await eventually('it is there', async () =>
      (await rooms.read('msteams', room)).some(({ markup }) => markup.includes('from Slack')),
    );
    await isTaken();
    await isRouted();
    expect(await inSlack('from Slack')).toHaveLength(1);
  });

  it('a subscription that Graph has ended is made again at once', async () => {
    const [before] = await graph();
    await rooms.control('msteams', 'lifecycle', { event: 'subscriptionRemoved' });
    const [after] = await eventually('there is one again', async () => {
      const all = await graph();
      return all.length > 0 ? all : undefined;
    });
    expect(after?.id).not.toBe(before?.id);
    await rooms.act('msteams', { room, text: 'after it was ended' });
    await isSeen('after it was ended');
  });

  it('a Graph subscription is renewed before it expires', async () => {
    const [before] = await graph();
    const aheadMs = 50 * 60_000;
    await rooms.control('msteams', 'clock', { aheadMs });
    const preload = pathToFileURL(resolve('test/support/shifted-clock.mjs')).href;
    await worker.stop();
    const program = ['--import', preload, resolve('dist/src/main.js'), 'worker'];
    const later = stack.startWorker(program, { SHIFT_MS: String(aheadMs) });
    expect((await pass()).done).toEqual({ renewed: 1 });
    const [after] = await graph();
    expect(after?.id).toBe(before?.id);
    const minutes = Date.parse(after?.expirationDateTime ?? '') - Date.parse(before?.expirationDateTime ?? '');
    expect(minutes / 60_000).toBeGreaterThan(49);
    await later.stop();
  });
});
