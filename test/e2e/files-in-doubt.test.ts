import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { serveFiles, type FileServer } from '../support/file-server.ts';
import { named } from '../support/long-text.ts';
import { roomPosts, type Room } from '../support/room-posts.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** It is unknown whether a file arrived, because its answer was lost or its worker died. */
let stack: Stack;
let files: FileServer;
let posts: ReturnType<typeof roomPosts>;
const platforms = { matrix: named('matrix'), slack: named('slack'), webex: named('webex') };
/** Part of the path of the request that posts a file to a room. */
const shows = { matrix: '/send/', slack: 'files.completeUploadExternal', webex: '/messages' };

beforeAll(async () => {
  stack = await startStack();
  files = await serveFiles(randomBytes(50_000));
  posts = roomPosts(stack);
  await posts.connect(Object.values(platforms));
}, 120_000);
afterAll(async () => {
  files?.stop();
  await stack?.close();
});

type Kind = 'matrix' | 'slack' | 'webex' | 'once';

/**
 * Posts a text and a file to a room of each recovery class. In each room the fault strikes the first post of the file.
 */
async function lose(what: string, fault: object) {
  const options = { timeout: '3s' };
  const rooms: Record<Kind, Room> = {
    matrix: await posts.room(platforms.matrix, what, options),
    slack: await posts.room(platforms.slack, what, options),
    webex: await posts.room(platforms.webex, what, options),
    once: await posts.room(platforms.webex, `${what}-once`, { ...options, ambiguous: 'at-most-once' }),
  };
  const name = `${what}.png`;
  for (const [connector, path] of Object.entries(shows))
    await stack.fault(connector, { path, match: name, times: connector === 'webex' ? 2 : 1, ...fault });
  const message = await stack.post({
    content: { text: 'look at this', attachments: [{ url: files.url(name) }] },
    destinations: Object.values(rooms).map(({ id }) => id),
  });
  const copies = async (kind: Kind) =>
    (await rooms[kind].read()).filter((one) => one.files.some((file) => file.name === name)).length;
  return { id: message.id, name, rooms, copies };
}

/**
 * Expects the right end in each room.
 * @param lost the outcome of the attempt whose answer was lost.
 */
async function expectExact({ id, name, rooms, copies }: Awaited<ReturnType<typeof lose>>, lost: string) {
  const of = async (kind: Kind) => {
    const delivery = await posts.delivery(id, rooms[kind].id);
    return { delivery, attempts: await posts.attempts(delivery.id) };
  };
  const twice = [
    [1, 'delivered'],
    [2, lost],
    [2, 'delivered'],
  ];
  const whole = { state: 'delivered', parts: { total: 2, arrived: 2 } };
  const [matrix, slack, webex, once] = await Promise.all([of('matrix'), of('slack'), of('webex'), of('once')]);
  expect(matrix).toMatchObject({ delivery: { ...whole, doubled: false }, attempts: twice });
  expect(await copies('matrix')).toBe(1);
  const transactions = (await stack.requests('matrix')).filter(({ path }) =>
    decodeURIComponent(path).includes(`${matrix.delivery.id}:2`),
  );
  expect(transactions.length).toBeGreaterThanOrEqual(2);
  expect(new Set(transactions.map(({ path }) => path)).size).toBe(1);
  expect(slack).toMatchObject({ delivery: { ...whole, doubled: false }, attempts: twice.slice(0, 2) });
  expect(await copies('slack')).toBe(1);
  // Webex may have the file twice, and the attempts show that.
  expect(webex).toMatchObject({ delivery: whole, attempts: twice });
  expect(await copies('webex')).toBe(2);
  expect(once).toMatchObject({
    delivery: {
      state: 'uncertain',
      parts: { total: 2, arrived: 1 },
      reason: { message: expect.stringContaining('1 of 2 parts have arrived.') },
    },
    attempts: twice.slice(0, 2),
  });
  expect(await copies('once')).toBe(1);
  for (const room of Object.values(rooms)) {
    const [words, ...more] = await room.read();
    expect(words?.markup).toContain('look at this');
    expect(more.every((one) => one.files[0]?.name === name)).toBe(true);
  }
}

it.concurrent.each([
  ['reset', { mode: 'reset-after' }],
  ['ill', { mode: 'commit-then-status', status: 502 }],
])(
  'a file whose answer is lost (%s) is sent again, looked up or given up, as its class and room demand',
  async (what, fault) => expectExact(await lose(what, fault), 'ambiguous'),
  120_000,
);

it('a worker killed while it posts a file leaves no more in doubt than a lost answer does', async () => {
  const lost = await lose('killed', { mode: 'commit-then-timeout' });
  await eventually('all have the file, and none has said so', async () => {
    const there = await Promise.all((['matrix', 'slack', 'webex', 'once'] as const).map(lost.copies));
    const { deliveries } = await stack.message(lost.id);
    return there.every((count) => count === 1) && deliveries.every(({ state }) => state === 'sending');
  });
  const run = JSON.parse(readFileSync(join(stack.home, 'run.json'), 'utf8')) as {
    children: { role: string; pid: number }[];
  };
  process.kill(run.children.find(({ role }) => role === 'worker')?.pid ?? 0, 'SIGKILL');
  await expectExact(lost, 'unknown');
}, 120_000);
