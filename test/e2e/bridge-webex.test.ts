import { bridge, bridgeSuite } from '../suites/bridge-suite.ts';
import { eventually } from '../support/eventually.ts';
import { slack } from '../support/platforms/slack.ts';
import { webex } from '../support/platforms/webex.ts';
import { recordHistories } from '../support/record-histories.ts';
import type { Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';

const room = 'war-room';
let stack: Stack;
let rooms: Rooms;

beforeAll(async () => {
  stack = await startStack();
  rooms = await bridge(stack, [slack, webex], room);
}, 120_000);
afterAll(async () => {
  const [fetched] = await stack.sql<{ id: string }[]>`
    select id from inbox where connection = 'webex' and kind = 'created' and state = 'routed' order by id limit 1`;
  await recordHistories(stack.temporal, new Map([['fetched', `event:${fetched?.id}`]]));
  await stack.close();
});

describe('from Slack to Webex', () => bridgeSuite(slack, webex, () => ({ rooms, room })));
describe('from Webex to Slack', () => bridgeSuite(webex, slack, () => ({ rooms, room })));

describe('webex', () => {
  const inSlack = async (text: string) =>
    (await rooms.read('slack', slack.room(room))).filter(({ markup, deleted }) => markup.includes(text) && !deleted);
  const seenInSlack = (text: string) => eventually(`"${text}" is seen`, async () => (await inSlack(text))[0]);

  it('tells of an edit by one more creation, as it once did', async () => {
    const old = { url: `${stack.url}/hooks/webex`, secret: 'a-webhook-secret', editsAs: 'created' };
    await rooms.control('webex', 'subscribe', { subscriptions: [old] });
    const { id } = await rooms.act('webex', { room: webex.room(room), text: 'as it was said' });
    const copy = await seenInSlack('as it was said');
    await rooms.act('webex', { do: 'edit', room: webex.room(room), id, text: 'as it was meant' });
    expect((await seenInSlack('as it was meant')).id).toBe(copy.id);
    await webex.subscribe(rooms, old.url);
  });

  it('does not bring back a post of ours whose answer was lost', async () => {
    const fault = { path: '/v1/messages', match: 'lost answer', mode: 'reset-after' };
    await fetch(`${stack.simulators}/_sim/webex/faults`, { method: 'POST', body: JSON.stringify(fault) });
    await rooms.act('slack', { room: slack.room(room), text: 'lost answer' });
    const copies = async () =>
      (await rooms.read('webex', webex.room(room))).filter(({ markup }) => markup.includes('lost answer'));
    await eventually('it is there', async () => (await copies()).length > 0);
    await eventually('its event was taken', async () =>
      (await rooms.hooks('webex')).every(({ state }) => state === 'taken'),
    );
    await eventually('it is known as ours', async () => {
      const [row] = await stack.sql`
        select count(*)::int as known from inbox where connection = 'webex' and state = 'ignored' and reason->>'code' = 'own_post'`;
      const [open] = await stack.sql`
        select count(*)::int as left from inbox where connection = 'webex' and state in ('received', 'fetching')`;
      return Number(row?.['known']) > 0 && Number(open?.['left']) === 0;
    });
    expect(await inSlack('lost answer')).toHaveLength(1);
  });
});
