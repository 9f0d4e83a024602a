import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { slack } from '../support/platforms/slack.ts';
import { roomsAt, type Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';

const names = ['one', 'two', 'three'] as const;
const channels = names.map((name) => slack.room(name));
/**
 * For how many minutes people talk, with three messages per second. With 0 they say 30 messages as fast as they can.
 */
const minutes = Number(process.env['CARILLON_BRIDGE_MINUTES'] ?? 0);
const messages = minutes === 0 ? 30 : minutes * 60 * 3;

let first: Stack;
let second: Stack;
let rooms: Rooms;

/** Two Carillons, each with two bridges over the same three rooms of one workspace, and with a bot of its own. */
beforeAll(async () => {
  [first, second] = await Promise.all([startStack(), startStack()]);
  rooms = roomsAt(first.simulators);
  for (const [index, stack] of [first, second].entries()) {
    const settings = { ...slack.settings(first.simulators), botToken: `xoxb-1-bot${index}-abc` };
    await stack.must('PUT', '/v1/connections/acme', { connector: 'slack', settings });
    for (const name of names)
      await stack.must('PUT', `/v1/destinations/${name}`, { connection: 'acme', address: slack.address(name) });
    for (const id of ['a', 'b']) await stack.must('PUT', `/v1/bridges/${id}`, { members: names });
  }
  const subscriptions = [first, second].map(({ url }) => ({ url: `${url}/hooks/acme`, secret: 'a-signing-secret' }));
  await rooms.control('slack', 'subscribe', { subscriptions });
}, 120_000);
afterAll(() => Promise.all([first.close(), second.close()]));

/** Returns how many messages of a room begin with each first word, copies included. */
async function counts(channel: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const { markup, deleted } of await rooms.read('slack', channel)) {
    const word = markup.split(' ')[0] ?? '';
    if (!deleted) found.set(word, (found.get(word) ?? 0) + 1);
  }
  return found;
}

it(
  'two Carillons on the same rooms neither loop nor double, and each copies a message once to each room',
  async () => {
    const begin = performance.now();
    for (let n = 0; n < messages; n += 1) {
      const early = minutes === 0 ? 0 : begin + n * 333 - performance.now();
      if (early > 0) await sleep(early);
      const room = channels[n % 3] ?? '';
      const { id } = await rooms.act('slack', { room, user: 'ann', text: `m${n} hello` });
      if (n % 5 === 0) await rooms.act('slack', { do: 'edit', user: 'ann', room, id, text: `m${n} edited` });
      if (n % 4 === 0) await rooms.act('slack', { room, user: 'ben', text: `r${n} reply`, thread: id });
      if (n % 3 === 0) await rooms.act('slack', { do: 'react', room, user: 'cleo', id, emoji: '👍' });
    }
    const isWhole = async (): Promise<boolean> => {
      for (const [index, channel] of channels.entries()) {
        const found = await counts(channel);
        for (let n = 0; n < messages; n += 1) if (found.get(`m${n}`) !== (n % 3 === index ? 1 : 2)) return false;
      }
      return true;
    };
    await eventually('every message is in every room', isWhole, 60_000 + messages * 500);
    // A loop would come back as events. They have been read when the inbox is empty and nothing is being delivered.
    for (const stack of [first, second])
      await eventually('nothing is on its way any more', async () => {
        const [row] = await stack.sql<[{ open: number }]>`
          select (select count(*) from inbox where due_at is not null)::integer
            + (select count(*) from deliveries where state in ('queued', 'waiting', 'sending', 'retrying'))::integer as open`;
        return row.open === 0;
      });
    expect(await isWhole()).toBe(true);
    for (const [index, channel] of channels.entries()) {
      const found = await counts(channel);
      const replies = Array.from({ length: Math.ceil(messages / 4) }, (_, nth) => nth * 4);
      expect(replies.filter((n) => found.get(`r${n}`) !== (n % 3 === index ? 1 : 2))).toEqual([]);
    }
    for (const stack of [first, second]) {
      const [row] = await stack.sql<[{ count: number }]>`
        select count(*)::integer as count from messages where type = 'message.created'`;
      expect(row.count).toBe(messages + Math.ceil(messages / 4));
    }
    if (minutes > 0) console.log(`${messages} messages in ${Math.round((performance.now() - begin) / 1_000)} s`);
  },
  120_000 + messages * 1_000,
);
