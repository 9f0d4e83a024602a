import { randomBytes } from 'node:crypto';
import { eventually } from '../support/eventually.ts';
import { serveFiles, type FileServer } from '../support/file-server.ts';
import { longText, named, numberOf } from '../support/long-text.ts';
import { roomPosts } from '../support/room-posts.ts';
import type { Rooms } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { bridge } from '../suites/bridge-suite.ts';

/** Messages with files: their order, edits and deletes, where files are posts and where they are links. */
let stack: Stack;
let files: FileServer;
let posts: ReturnType<typeof roomPosts>;
let rooms: Rooms;
const [slack, matrix, chat, zoom] = [named('slack'), named('matrix'), named('google-chat'), named('zoom')];
const picture = (name: string) => ({ name, mediaType: 'image/png', base64: randomBytes(20_000).toString('base64') });
beforeAll(async () => {
  stack = await startStack();
  files = await serveFiles(randomBytes(20_000));
  posts = roomPosts(stack);
  await posts.connect([zoom]);
  rooms = await bridge(stack, [slack, matrix, chat], 'changed');
}, 120_000);
afterAll(async () => {
  files?.stop();
  await stack?.close();
});

const inRoom = async (platform: typeof slack) =>
  (await rooms.read(platform.connector.name, platform.room('changed'))).filter(({ deleted }) => !deleted);
/** Returns the posts of a room that contain one of these texts or files, as soon as there are `count` of them. */
const seen = (platform: typeof slack, count: number, ...parts: string[]) =>
  eventually(`${count} at ${platform.connector.name} of ${parts.join()}`, async () => {
    const found = (await inRoom(platform)).filter(({ markup, files: shown }) =>
      parts.some((part) => markup.includes(part) || shown.some(({ name }) => name === part)),
    );
    return found.length === count && found;
  });
/** Returns the delivery of the newest edit to a room of the bridge. */
const changeAt = async (platform: typeof slack) => {
  const { data } = await stack.must('GET', `/v1/deliveries?destination=${platform.connector.name}-changed&limit=200`);
  const [row] = (data as { createdAt: string; action: string; id: string; message: string }[])
    .filter(({ action }) => action === 'edit')
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  return posts.delivery(row?.message ?? '', `${platform.connector.name}-changed`);
};

describe('edits of messages with files between rooms', () => {
  it('an edit changes the text and keeps the file, both as a post and as a link', async () => {
    const { id } = await rooms.act('slack', {
      room: slack.room('changed'),
      text: 'first words',
      file: picture('stays.png'),
    });
    const [words, file] = await seen(matrix, 2, 'first words', 'stays.png');
    await seen(chat, 1, 'first words');
    await rooms.act('slack', { room: slack.room('changed'), do: 'edit', id, text: 'other words' });
    const [edited, still] = await seen(matrix, 2, 'other words', 'stays.png');
    expect([edited?.id, still?.id]).toEqual([words?.id, file?.id]);
    expect(edited?.markup).not.toContain('stays.png');
    expect(still?.files).toMatchObject([{ name: 'stays.png' }]);
    expect(await changeAt(matrix)).not.toHaveProperty('degraded');
    const [linked] = await seen(chat, 1, 'other words');
    expect(linked?.markup).toContain('stays.png');
    await rooms.act('slack', { room: slack.room('changed'), do: 'delete', id });
    for (const platform of [matrix, chat])
      await eventually('all of it is gone', async () =>
        (await inRoom(platform)).every(
          ({ markup, files: shown }) =>
            !markup.includes('other words') && shown.every(({ name }) => name !== 'stays.png'),
        ),
      );
  }, 60_000);

  it('an edit that adds a file adds a link, and the delivery says so', async () => {
    const { id } = await rooms.act('matrix', { room: matrix.room('changed'), text: 'no file yet' });
    for (const platform of [slack, chat]) await seen(platform, 1, 'no file yet');
    await rooms.act('matrix', {
      room: matrix.room('changed'),
      do: 'edit',
      id,
      text: 'now with one',
      file: picture('added.png'),
    });
    for (const platform of [slack, chat]) {
      const [edited] = await seen(platform, 1, 'now with one', 'added.png');
      expect(edited).toMatchObject({ files: [], markup: expect.stringContaining('added.png') });
    }
    expect(await changeAt(slack)).toMatchObject({ state: 'delivered', degraded: [{ code: 'file_linked' }] });
  }, 60_000);
});

describe('messages with files from the API', () => {
  const platforms = [matrix, slack, zoom, chat];

  it('a long text comes before its files, the next message after them, and edits and deletes follow', async () => {
    const there = await Promise.all(platforms.map((platform) => posts.room(platform, 'two')));
    const destinations = there.map(({ id }) => id);
    const attachments = ['one.png', 'two.png'].map((name) => ({ url: files.url(name) }));
    const { text } = longText(90_000);
    const conversation = 'two-files';
    const { id } = await stack.post({ content: { text, attachments }, conversation, destinations });
    const next = await stack.post({ text: 'what follows', conversation, destinations });
    await stack.rest(next.id, 90_000);
    const before = await Promise.all(there.map(({ read }) => read()));
    for (const [index, platform] of platforms.entries()) {
      const shown = before[index] ?? [];
      const words = shown.filter((one) => numberOf(one) !== undefined);
      expect(words.map(numberOf)).toEqual(words.map((_, n) => `${n + 1}/${words.length}`));
      expect(words.length).toBeGreaterThan(1);
      expect(shown.slice(0, words.length)).toEqual(words);
      const names = shown.slice(words.length).map(({ files: [file] }) => file?.name);
      const isPosted = platform.connector.postsFiles === true;
      expect(names).toEqual(isPosted ? ['one.png', 'two.png', undefined] : [undefined]);
      for (const name of isPosted ? [] : ['one.png', 'two.png']) expect(words.at(-1)?.markup).toContain(name);
      expect(shown.at(-1)?.markup).toContain('what follows');
    }

    const edit = await stack.must('PATCH', `/v1/messages/${id}`, { text: 'short now' });
    for (const [index, platform] of platforms.entries()) {
      const delivery = await posts.delivery(edit.id, destinations[index]);
      expect(delivery.state).toBe('delivered');
      const codes = delivery.degraded?.map(({ code }) => code) ?? [];
      expect(codes).not.toContain('file_linked');
      const shown = (await there[index]?.read()) ?? [];
      const isPosted = platform.connector.postsFiles === true;
      expect(shown.map(({ files: [file] }) => file?.name)).toEqual(
        isPosted ? [undefined, 'one.png', 'two.png', undefined] : [undefined, undefined],
      );
      expect(shown[0]?.markup).toContain('short now');
      for (const name of ['one.png', 'two.png']) expect(shown[0]?.markup.includes(name)).toBe(!isPosted);
    }

    const deletion = await stack.must('DELETE', `/v1/messages/${id}`);
    await stack.rest(deletion.id, 60_000);
    for (const { read } of there) {
      const left = await read();
      expect(left).toMatchObject([{ files: [], markup: expect.stringContaining('what follows') }]);
    }
  }, 180_000);
});
