import { eventually } from '../support/eventually.ts';
import { slack } from '../support/platforms/slack.ts';
import { webex } from '../support/platforms/webex.ts';
import { recordHistories } from '../support/record-histories.ts';
import { roomsAt, type Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { subscriptionsSchedule } from '../../src/workflows/contract.ts';

let stack: Stack;
let rooms: Rooms;
/** For the replay test; see `record-histories.ts`. */
const kinds = new Map<string, string>();

beforeAll(async () => {
  stack = await startStack();
  rooms = roomsAt(stack.simulators);
  await stack.must('PUT', '/v1/connections/slack', { connector: 'slack', settings: slack.settings(stack.simulators) });
  await stack.must('PUT', '/v1/destinations/slack', { connection: 'slack', address: slack.address('here') });
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

/** Makes the schedule begin a pass now, and waits for its end. */
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

describe('Webex', () => {
  const room = webex.room('war-room');
  const webhooks = async () => (await accepted<{ webhooks: { url: string; status: string }[] }>('webex')).webhooks;

  it('tells of a room as soon as a bridge has it', async () => {
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

  it('tells of it again after it has switched the webhook off', async () => {
    await rooms.control('webex', 'switch-off', {});
    const { workflowId, done } = await pass();
    kinds.set('kept-subscriptions', workflowId);
    expect(done).toEqual({ enabled: 1 });
    expect(await subscription('webex')).toMatchObject({ state: 'active', did: 'enabled' });
    await rooms.act('webex', { room, text: 'switched on again' });
    await isSeen('switched on again');
  });

  it('that does not let us is shown with its reason, and no longer once it does', async () => {
    const settings = { ...webex.settings(stack.simulators), keepWebhooks: true };
    const change = (more: object) =>
      stack.must('PUT', '/v1/connections/webex', { connector: 'webex', settings: { ...settings, ...more } });
    await change({ botToken: 'nobody' });
    await becomes('webex', { state: 'refused' });
    expect(await subscription('webex')).toMatchObject({ did: 'enabled', reason: { code: 'http_401', status: 401 } });
    await change({});
    await becomes('webex', { state: 'active', reason: null });
  });

  it('tells nothing more when no bridge has the room', async () => {
    await stack.must('DELETE', '/v1/bridges/both');
    await eventually('the webhook is gone', async () => (await webhooks()).length === 0);
    await eventually('nobody knows of it', async () => (await subscription('webex')) === undefined);
  });
});
