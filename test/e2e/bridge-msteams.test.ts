import { bridge, bridgeSuite } from '../suites/bridge-suite.ts';
import { eventually } from '../support/eventually.ts';
import { msteams } from '../support/platforms/msteams.ts';
import { slack } from '../support/platforms/slack.ts';
import type { Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';

const room = 'room';
let stack: Stack;
let rooms: Rooms;

beforeAll(async () => {
  stack = await startStack();
  rooms = await bridge(stack, [slack, msteams], room);
}, 120_000);
afterAll(() => stack.close());

describe('from Slack to Teams', () => bridgeSuite(slack, msteams, () => ({ rooms, room })));
describe('from Teams to Slack', () => bridgeSuite(msteams, slack, () => ({ rooms, room })));

/** The message of Slack's room that holds the text. */
const inSlack = (text: string) =>
  eventually(`"${text}" is in Slack`, async () =>
    (await rooms.read('slack', slack.room(room))).find(({ markup }) => markup.includes(text)),
  );

describe('a bridge of Slack and Teams', () => {
  it('shows a reaction of Teams in Slack, and none of Slack in Teams', async () => {
    const { id } = await rooms.act('msteams', { room: msteams.room(room), text: 'like this' });
    const copy = await inSlack('like this');
    await rooms.act('msteams', { do: 'react', room: msteams.room(room), id, user: 'ben', emoji: '👍' });
    await eventually('it is shown', async () => (await inSlack('like this')).reactions['👍']?.length === 1);
    await rooms.act('slack', { do: 'react', room: slack.room(room), id: copy.id, user: 'ann', emoji: '🎉' });
    await rooms.act('msteams', { do: 'unreact', room: msteams.room(room), id, user: 'ben', emoji: '👍' });
    await eventually('it is gone', async () => (await inSlack('like this')).reactions['👍'] === undefined);
    const here = (await rooms.read('msteams', msteams.room(room))).find((message) => message.id === id);
    expect(here?.reactions).toEqual({});
  });
});
