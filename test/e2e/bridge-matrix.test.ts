import { matrix } from '../support/platforms/matrix.ts';
import { slack } from '../support/platforms/slack.ts';
import { eventually } from '../support/eventually.ts';
import type { Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { bridge, bridgeSuite } from '../suites/bridge-suite.ts';

const room = 'room';
let stack: Stack;
let rooms: Rooms;

beforeAll(async () => {
  stack = await startStack();
  rooms = await bridge(stack, [slack, matrix], room);
}, 120_000);
afterAll(() => stack.close());

const at = () => ({ rooms, room });
const seen = (platform: typeof matrix, text: string) =>
  eventually(`"${text}" is seen on ${platform.connector.name}`, async () =>
    (await rooms.read(platform.connector.name, platform.room(room))).find(
      ({ markup, deleted }) => markup.includes(text) && !deleted,
    ),
  );

describe('from slack', () => bridgeSuite(slack, matrix, at));
describe('from matrix', () => bridgeSuite(matrix, slack, at));

describe('a bridge between slack and matrix', () => {
  it('shows a person on Matrix as a user of their own', async () => {
    await rooms.act('slack', { room: slack.room(room), text: 'who am I?' });
    expect(await seen(matrix, 'who am I?')).toMatchObject({ by: 'Ann Archer (Slack)' });
  });

  it("keeps a reaction until the last of two takes theirs away, and lets nobody edit others' messages", async () => {
    const { id } = await rooms.act('matrix', { room: matrix.room(room), text: 'ship it' });
    await seen(slack, 'ship it');
    const react = (user: 'ben' | 'cleo', what: 'react' | 'unreact') =>
      rooms.act('matrix', { do: what, room: matrix.room(room), id, user, emoji: '🎉' });
    await react('ben', 'react');
    await react('cleo', 'react');
    const shown = async () => (await seen(slack, 'ship it')).reactions['🎉'] !== undefined;
    await eventually('it is shown', shown);
    await react('ben', 'unreact');
    await rooms.act('matrix', { do: 'edit', room: matrix.room(room), id, user: 'cleo', text: 'sink it' });
    await rooms.act('matrix', { room: matrix.room(room), text: 'after that' });
    await seen(slack, 'after that');
    expect(await shown()).toBe(true);
    await react('cleo', 'unreact');
    await eventually('it is gone', async () => !(await shown()));
    const texts = (await rooms.read('slack', slack.room(room))).map(({ markup }) => markup);
    expect(texts).toContain('ship it');
    expect(texts).not.toContain('sink it');
  });
});
