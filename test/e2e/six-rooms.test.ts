import { randomBytes } from 'node:crypto';
import { eventually } from '../support/eventually.ts';
import { platforms } from '../support/platforms/index.ts';
import { slack } from '../support/platforms/slack.ts';
import type { Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { bridge, bridgeSuite, cellsOf } from '../suites/bridge-suite.ts';

let stack: Stack;
let rooms: Rooms;
const room = 'six';

/** A room of every platform, all in one bridge, so that a message of one room comes to five others. */
beforeAll(async () => {
  stack = await startStack();
  rooms = await bridge(stack, platforms, room);
}, 120_000);
afterAll(async () => {
  await stack.close();
  // docs/connectors/ gives the reason for each cell that says less than "yes".
  const heading = ['from \\ to', ...platforms.map(({ connector }) => connector.name)];
  const rows = platforms.map((from) => [
    from.connector.name,
    ...platforms.map((to) => (from === to ? '' : cellsOf(from, to))),
  ]);
  process.stdout.write(`${[heading, ...rows].map((cells) => cells.join(' | ')).join('\n')}\n`);
});

it('a bridge fetches a file once for five rooms', async () => {
  const file = { name: 'once.bin', mediaType: 'application/pdf', base64: randomBytes(50_000).toString('base64') };
  await rooms.act('slack', { room: slack.room(room), content: [], file });
  for (const { connector, room: nameOf } of platforms)
    await eventually(`${connector.name} shows the file`, async () =>
      (await rooms.read(connector.name, nameOf(room))).some(
        ({ markup, files }) => markup.includes(file.name) || files.some(({ name }) => name === file.name),
      ),
    );
  const asked = await fetch(`${stack.simulators}/_sim/slack/requests?limit=1000`);
  const { requests } = (await asked.json()) as { requests: { path: string }[] };
  expect(requests.filter(({ path }) => path.startsWith('/slack/files/'))).toHaveLength(1);
});

for (const from of platforms)
  bridgeSuite(
    from,
    platforms.filter((to) => to !== from),
    () => ({ rooms, room }),
  );
