import { eventually } from '../support/eventually.ts';
import { slack } from '../support/platforms/slack.ts';
import { recordHistories } from '../support/record-histories.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { roomsAt, type Rooms } from '../support/rooms.ts';

let stack: Stack;
let rooms: Rooms;
const [here, there] = [slack.room('here'), slack.room('there')];

beforeAll(async () => {
  stack = await startStack();
  rooms = roomsAt(stack.simulators);
  await stack.must('PUT', '/v1/connections/slack', { connector: 'slack', settings: slack.settings(stack.simulators) });
  for (const name of ['here', 'there'])
    await stack.must('PUT', `/v1/destinations/slack-${name}`, { connection: 'slack', address: slack.address(name) });
  await stack.must('PUT', '/v1/bridges/both', { members: ['slack-here', 'slack-there'] });
  await slack.subscribe(rooms, `${stack.url}/hooks/slack`);
}, 120_000);
afterAll(() => stack.close());

it('messages that were said during an outage are read from the history, in order and once', async () => {
  const before = await rooms.act('slack', { room: here, text: 'before' });
  await eventually('it is there', async () =>
    (await rooms.read('slack', there)).some(({ markup }) => markup === 'before'),
  );
  // The platform gives up on the hook: no event of what is said now ever comes.
  await rooms.control('slack', 'subscribe', { subscriptions: [] });
  for (let n = 0; n < 20; n += 1) await rooms.act('slack', { room: here, text: `missed ${n}` });
  const { id } = await rooms.act('slack', { room: here, text: 'a root' });
  await rooms.act('slack', { room: here, text: 'a reply', thread: id, user: 'ben' });
  await rooms.act('slack', { do: 'edit', room: here, id: before.id, text: 'before, edited' });
  // Moves the time of the last event back by half an hour, so that the test need not wait.
  await stack.sql`update hearing set last_at = clock_timestamp() - interval '30 minutes'`;
  const report = await eventually('the gap is closed', async () => {
    const [gap] = await stack.sql<{ id: number; report: { destination: string; fresh: number; lacks: string[] }[] }[]>`
      select id, report from gaps where done_at is not null`;
    return gap;
  });
  expect(report.report.find(({ destination }) => destination === 'slack-here')).toMatchObject({
    fresh: 23,
    lacks: [expect.stringContaining('deleted')],
  });
  await recordHistories(stack.temporal, new Map([['caught-up', `catch-up:${report.id}`]]));
  const texts = await eventually('all of it is there', async () => {
    const found = (await rooms.read('slack', there)).map(({ markup }) => markup);
    return found.includes('a reply') && found.includes('before, edited') && found.length === 23 ? found : undefined;
  });
  expect(texts.filter((text) => text.startsWith('missed')).sort()).toEqual(
    Array.from({ length: 20 }, (_, n) => `missed ${n}`).sort(),
  );
  const [root, reply] = ['a root', 'a reply'].map((text) => texts.indexOf(text));
  expect(root).toBeLessThan(reply ?? -1);
});
