import { bridge, bridgeSuite } from '../suites/bridge-suite.ts';
import { googleChat } from '../support/platforms/google-chat.ts';
import { slack } from '../support/platforms/slack.ts';
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
