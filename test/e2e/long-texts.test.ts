import type { RoomMessage } from '../../src/simulators/kit/rooms.ts';
import { eventually } from '../support/eventually.ts';
import { longText, named, numberOf } from '../support/long-text.ts';
import { platforms } from '../support/platforms/index.ts';
import { roomPosts } from '../support/room-posts.ts';
import { roomsAt, type Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { bridge } from '../suites/bridge-suite.ts';

/** Texts that are longer than one post of a platform may be. */
let stack: Stack;
let rooms: Rooms;
let posts: ReturnType<typeof roomPosts>;
beforeAll(async () => {
  stack = await startStack();
  rooms = roomsAt(stack.simulators);
  posts = roomPosts(stack);
  await posts.connect(platforms);
}, 120_000);
afterAll(() => stack?.close());

/** About the longest post of each platform, in characters. */
const limits: Readonly<Record<string, number>> = {
  slack: 40_000,
  msteams: 40_000,
  webex: 7_400,
  'google-chat': 31_000,
  zoom: 1_000,
  matrix: 28_000,
};

const rowsIn = (markup: string): number[] => [...markup.matchAll(/row(\d{4})/g)].map(([, n]) => Number(n));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe.each(platforms.map((platform) => [platform.connector.name, platform] as const))('to %s', (name, platform) => {
  it('a long text comes as numbered parts, in order and once, and the next message after the last part', async () => {
    const { id, read } = await posts.room(platform, 'long');
    const { text, lines } = longText((limits[name] ?? 0) * 2.3);
    const conversation = `long-${name}`;
    const message = await stack.post({ text, conversation, destinations: [id] });
    const next = await stack.post({ text: 'what follows', conversation, destinations: [id] });
    await stack.rest(next.id, 60_000);
    expect(await posts.delivery(message.id)).toMatchObject({
      state: 'delivered',
      doubled: false,
      parts: { total: 3, arrived: 3 },
    });
    const shown = await read();
    expect(shown.map(numberOf)).toEqual(['1/3', '2/3', '3/3', undefined]);
    expect(rowsIn(shown.map(({ markup }) => markup).join('\n'))).toEqual(upTo(lines));
    expect(shown.at(-1)?.markup).toContain('what follows');
    expect((await posts.attempts(message.deliveries[0]?.id ?? '')).map(([part]) => part)).toEqual([1, 2, 3]);
  }, 120_000);

  it('an edit of a long text changes its parts, removes or cuts the rest, and a delete removes all', async () => {
    const { id, read } = await posts.room(platform, 'changed');
    const limit = name === 'slack' ? 3_900 : (limits[name] ?? 0);
    const message = await stack.post({ text: longText((limits[name] ?? 0) * 2.3).text, destinations: [id] });
    await stack.rest(message.id, 60_000);
    const ids = (await read()).map((one) => one.id);
    const change = async (method: 'PATCH' | 'DELETE', body?: object) => {
      const made = await stack.must(method, `/v1/messages/${message.id}`, body);
      return posts.delivery(made.id);
    };

    const longer = longText(limit * 4);
    expect(await change('PATCH', { text: longer.text })).toMatchObject({
      state: 'delivered',
      parts: { total: 3, arrived: 3 },
      degraded: expect.arrayContaining([expect.objectContaining({ code: 'cut' })]),
    });
    const after = await read();
    expect(after.map((one) => one.id)).toEqual(ids);
    expect(after.map(numberOf)).toEqual(['1/3', '2/3', '3/3']);
    const rows = rowsIn(after.map(({ markup }) => markup).join('\n'));
    expect(rows).toEqual(upTo(rows.length));
    expect(rows.length).toBeLessThan(longer.lines);

    expect(await change('PATCH', { text: 'All in one now.' })).toMatchObject({ state: 'delivered' });
    expect((await read()).map((one) => one.id)).toEqual(ids.slice(0, 1));
    expect((await read())[0]?.markup).not.toContain('(1/');
    expect(await change('PATCH', { text: 'And once more.' })).toMatchObject({ state: 'delivered' });
    expect((await read())[0]?.markup).toContain('once more');

    expect(await change('DELETE')).toMatchObject({ state: 'delivered' });
    expect(await read()).toEqual([]);
  }, 120_000);

  it('a delete of a long text removes every part', async () => {
    const { id, read } = await posts.room(platform, 'deleted');
    const message = await stack.post({ text: longText((limits[name] ?? 0) * 2.3).text, destinations: [id] });
    await stack.rest(message.id, 60_000);
    expect(await read()).toHaveLength(3);
    const { id: deletion } = await stack.must('DELETE', `/v1/messages/${message.id}`);
    expect(await posts.delivery(deletion)).toMatchObject({ state: 'delivered', parts: { total: 3, arrived: 3 } });
    expect(await read()).toEqual([]);
  }, 120_000);
});

describe('the second of three parts of a text', () => {
  const cases = [
    ['matrix', '/send/', 'is sent again under its own key'],
    ['slack', 'chat.postMessage', 'is looked for by its own mark'],
    ['webex', '/messages', 'is sent again where doubles are allowed'],
  ] as const;
  it.each(cases)(
    'on %s, the part of a text whose answer is lost (%s) %s',
    async (name, path) => {
      const { id, read } = await posts.room(named(name), 'lost');
      const { text, lines } = longText((limits[name] ?? 0) * 2.3);
      await stack.fault(name, { path, match: '(2/3)', mode: 'commit-then-status', status: 502, times: 1 });
      const message = await stack.post({ text, destinations: [id] });
      expect(await posts.delivery(message.id)).toMatchObject({ state: 'delivered', parts: { total: 3, arrived: 3 } });
      const shown = await read();
      const copies = name === 'webex' ? 2 : 1;
      expect(shown.map(numberOf)).toEqual(['1/3', ...Array<string>(copies).fill('2/3'), '3/3']);
      expect(new Set(rowsIn(shown.map(({ markup }) => markup).join('\n'))).size).toBe(lines);
      const parts = (await posts.attempts(message.deliveries[0]?.id ?? '')).map(([part]) => part);
      expect(parts).toEqual(name === 'slack' ? [1, 2, 3] : [1, 2, 2, 3]);
    },
    120_000,
  );

  it.each(['matrix', 'slack', 'webex'])(
    'on %s, a part that is refused is tried again, and the part before it is not',
    async (name) => {
      const { id, read } = await posts.room(named(name), 'refused');
      const { text } = longText((limits[name] ?? 0) * 2.3);
      await stack.fault(name, { match: '(2/3)', status: 429, retryAfter: 1, times: 1 });
      const message = await stack.post({ text, destinations: [id] });
      expect(await posts.delivery(message.id)).toMatchObject({ state: 'delivered' });
      expect((await read()).map(numberOf)).toEqual(['1/3', '2/3', '3/3']);
      const made = await posts.attempts(message.deliveries[0]?.id ?? '');
      expect(made).toEqual([
        [1, 'delivered'],
        [2, 'transient'],
        [2, 'delivered'],
        [3, 'delivered'],
      ]);
    },
    120_000,
  );

  it('a part in doubt with at-most-once leaves the rest to an operator, and says how much has arrived', async () => {
    const { id, read } = await posts.room(named('webex'), 'once', { ambiguous: 'at-most-once' });
    await stack.fault('webex', {
      path: '/messages',
      match: '(2/3)',
      mode: 'commit-then-status',
      status: 502,
      times: 1,
    });
    const message = await stack.post({ text: longText(7_400 * 2.3).text, destinations: [id] });
    expect(await posts.delivery(message.id)).toMatchObject({
      state: 'uncertain',
      reason: { message: expect.stringContaining('1 of 3 parts have arrived.') },
      parts: { total: 3, arrived: 1 },
    });
    await stack.must('POST', `/v1/messages/${message.id}/retry`, {});
    await eventually('the rest is there', async () => (await stack.message(message.id)).state === 'delivered', 60_000);
    expect((await read()).map(numberOf)).toEqual(['1/3', '2/3', '2/3', '3/3']);
  }, 120_000);

  it('a part that is never answered is sent again alone', async () => {
    const { id, read } = await posts.room(named('matrix'), 'crashed', { timeout: '1s' });
    await stack.fault('matrix', { path: '/send/', match: '(2/3)', mode: 'commit-then-timeout', times: 1 });
    const message = await stack.post({ text: longText(28_000 * 2.3).text, destinations: [id] });
    expect(await posts.delivery(message.id)).toMatchObject({ state: 'delivered', doubled: false });
    expect((await read()).map(numberOf)).toEqual(['1/3', '2/3', '3/3']);
  }, 120_000);
});

describe('long texts between two rooms', () => {
  it('a long text between rooms is split, its parts do not come back, and replies reach its thread', async () => {
    const [slack, zoom] = [named('slack'), named('zoom')];
    await bridge(stack, [slack, zoom], 'between');
    const [here, there] = [slack.room('between'), zoom.room('between')];
    const zoomPosts = async () => rooms.read('zoom', there);
    const { id } = await rooms.act('slack', { room: here, text: longText(2_000).text });
    const parts = await eventually('all parts are there', async () => {
      const shown = (await zoomPosts()).filter((one) => numberOf(one) !== undefined);
      return shown.length > 1 && numberOf(shown.at(-1) as RoomMessage) === `${shown.length}/${shown.length}` && shown;
    });
    for (const { markup } of parts) expect(markup).toContain('Ann Archer');
    // One reply is to the second part in Zoom, the other to the original in Slack.
    await rooms.act('zoom', { room: there, user: 'cleo', text: 'about the second', thread: parts[1]?.id ?? '' });
    const isReply = (text: string) => (one: RoomMessage) => one.markup.includes(text);
    const reply = await eventually('the reply is here', async () =>
      (await rooms.read('slack', here)).find(isReply('about the second')),
    );
    expect(reply.thread).toBe(id);
    await rooms.act('slack', { room: here, user: 'ben', text: 'about all of it', thread: id });
    const answer = await eventually('the answer is there', async () => (await zoomPosts()).find(isReply('about all')));
    expect(answer.thread).toBe(parts[0]?.id);
    // By now the event of every part has come back, and none of them became a message.
    expect((await rooms.read('slack', here)).map(({ markup }) => numberOf({ markup } as RoomMessage))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    await rooms.act('slack', { room: here, do: 'react', id, user: 'ben', emoji: '👍' });
    await eventually('it is on the first', async () => {
      const [first, ...more] = (await zoomPosts()).filter((one) => numberOf(one) !== undefined);
      expect(more.every(({ reactions }) => Object.keys(reactions).length === 0)).toBe(true);
      return first?.reactions['👍'] !== undefined;
    });
  }, 120_000);
});
