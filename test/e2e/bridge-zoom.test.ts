import { slack } from '../support/platforms/slack.ts';
import { zoom } from '../support/platforms/zoom.ts';
import type { Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { bridge, bridgeSuite } from '../suites/bridge-suite.ts';

let stack: Stack;
let rooms: Rooms;
const room = 'zoom-room';

beforeAll(async () => {
  stack = await startStack();
  rooms = await bridge(stack, [slack, zoom], room);
}, 120_000);
afterAll(() => stack.close());

describe('from slack to zoom', () => bridgeSuite(slack, zoom, () => ({ rooms, room })));
describe('from zoom to slack', () => bridgeSuite(zoom, slack, () => ({ rooms, room })));
