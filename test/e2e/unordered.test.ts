import { platforms } from '../support/platforms/index.ts';
import { matrix } from '../support/platforms/matrix.ts';
import { slack } from '../support/platforms/slack.ts';
import type { Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { bridge } from '../suites/bridge-suite.ts';
import { unorderedSuite } from '../suites/unordered-suite.ts';

let stack: Stack;
beforeAll(async () => void (stack = await startStack()), 120_000);
afterAll(() => stack.close());

describe.each(platforms.map((from) => [from.connector.name, from] as const))('events from %s', (name, from) => {
  const to = from === slack ? matrix : slack;
  const room = `late-${name}`;
  let rooms: Rooms;
  beforeAll(async () => void (rooms = await bridge(stack, [from, to], room)), 60_000);
  unorderedSuite(from, to, () => ({ stack, rooms, room }));
});
