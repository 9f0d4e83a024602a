import { bridge, bridgeSuite } from '../suites/bridge-suite.ts';
import { settings } from '../support/google-chat.ts';
import { googleChat } from '../support/platforms/google-chat.ts';
import { slack } from '../support/platforms/slack.ts';
import { eventually } from '../support/eventually.ts';
import type { Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';

const room = 'room';
let stack: Stack;
let rooms: Rooms;

beforeAll(async () => {
  stack = await startStack();
  rooms = await bridge(stack, [slack, googleChat], room);
}, 120_000);
afterAll(() => stack.close());

describe('from slack', () => bridgeSuite(slack, googleChat, () => ({ rooms, room })));
describe('from google-chat', () => bridgeSuite(googleChat, slack, () => ({ rooms, room })));

describe('events of google-chat', () => {
  const space = googleChat.room(room);
  const seen = (text: string) =>
    eventually(`"${text}" is on slack`, async () =>
      (await rooms.read('slack', slack.room(room))).find(({ markup }) => markup.includes(text)),
    );

  it('from the app itself and from Pub/Sub are one message', async () => {
    const url = `${stack.url}/hooks/google-chat`;
    const { pushAudience, pushServiceAccount: email, audience } = settings('');
    const subscriptions = [
      { url, kind: 'push', audience: pushAudience, email },
      { url, kind: 'classic', audience },
    ];
    await rooms.control('google-chat', 'subscribe', { subscriptions });
    await rooms.act('google-chat', { room: space, text: '@Carillon both ways' });
    await seen('both ways');
    await rooms.act('google-chat', { room: space, text: 'the last word' });
    await seen('the last word');
    await eventually('both were taken', async () => {
      const hooks = await rooms.hooks('google-chat');
      const asked = hooks.filter(({ body }) => body.includes('@Carillon both ways'));
      return asked.length === 1 && hooks.every(({ state }) => state === 'taken');
    });
    const all = await rooms.read('slack', slack.room(room));
    expect(all.filter(({ markup }) => markup.includes('both ways'))).toHaveLength(1);
  });
});
