import { createHash, randomBytes } from 'node:crypto';
import type { RoomMessage } from '../../src/simulators/kit/rooms.ts';
import type { Platform } from '../support/platforms/platform.ts';
import { eventually } from '../support/eventually.ts';
import { roomsAt, type Rooms } from '../support/rooms.ts';
import type { Stack } from '../support/stack.ts';

/** Puts connections, destinations and a bridge between the same room of several platforms. */
export async function bridge(stack: Stack, platforms: readonly Platform[], room: string): Promise<Rooms> {
  const rooms = roomsAt(stack.simulators);
  const members = [];
  for (const platform of platforms) {
    const { name } = platform.connector;
    const id = `${name}-${room}`;
    await stack.must('PUT', `/v1/connections/${name}`, {
      connector: name,
      settings: platform.settings(stack.simulators),
    });
    await stack.must('PUT', `/v1/destinations/${id}`, { connection: name, address: platform.address(room) });
    await platform.subscribe(rooms, `${stack.url}/hooks/${name}`);
    members.push(id);
  }
  await stack.must('PUT', `/v1/bridges/${room}`, { members });
  return rooms;
}

/** What a bridge must do from one platform to another, as far as the capabilities of both go. */
export function bridgeSuite(from: Platform, to: Platform, at: () => { rooms: Rooms; room: string; to?: string }): void {
  const { capabilities } = to.connector;
  const [here, there] = [{ platform: from }, { platform: to }];
  type Side = typeof here;
  let count = 0;
  /** Returns a text that no other text of the room contains. */
  const fresh = (what: string): string => `${what} ${(count += 1)} of ${from.connector.name} for ${to.connector.name}`;
  const roomOf = (side: Side): string => side.platform.room((side === there ? at().to : undefined) ?? at().room);
  const act = (side: Side, action: Parameters<Rooms['act']>[1]) =>
    at().rooms.act(side.platform.connector.name, { room: roomOf(side), ...action });
  const read = (side: Side): Promise<RoomMessage[]> => at().rooms.read(side.platform.connector.name, roomOf(side));
  const seen = (side: Side, text: string) =>
    eventually(`"${text}" is seen on ${side.platform.connector.name}`, async () =>
      (await read(side)).find(({ markup, deleted }) => markup.includes(text) && !deleted),
    );

  it('a bridge copies a message once, with the names of its author and platform', async () => {
    const text = fresh('hello');
    await act(here, { text });
    const shown = await seen(there, text);
    expect(`${shown.by} ${shown.markup}`).toContain('Ann Archer');
    expect(`${shown.by} ${shown.markup}`).toContain(from.connector.title);
    expect((await read(there)).filter(({ markup }) => markup.includes(text))).toHaveLength(1);
  });

  if (capabilities.thread.level !== 'dropped' && from.connector.capabilities.thread.level !== 'dropped')
    it('a bridge puts a reply into the thread of the copy, also when the reply is to a copy', async () => {
      const [root, reply, answer] = [fresh('root'), fresh('reply'), fresh('answer')];
      const { id } = await act(here, { text: root });
      const copy = await seen(there, root);
      await act(here, { text: reply, user: 'ben', thread: id });
      expect((await seen(there, reply)).thread).toBe(copy.id);
      await act(there, { text: answer, user: 'cleo', thread: copy.id });
      expect((await seen(here, answer)).thread).toBe(id);
    });

  if (capabilities.edit.level !== 'dropped')
    it('a bridge copies an edit', async () => {
      const [before, after] = [fresh('before'), fresh('after')];
      const { id } = await act(here, { text: before });
      const copy = await seen(there, before);
      await act(here, { do: 'edit', id, text: after });
      expect((await seen(there, after)).id).toBe(copy.id);
    });

  if (capabilities.delete.level !== 'dropped')
    it('a bridge deletes the copy of a deleted message', async () => {
      const text = fresh('soon gone');
      const { id } = await act(here, { text });
      const copy = await seen(there, text);
      await act(here, { do: 'delete', id });
      await eventually(
        'it is gone',
        async () => (await read(there)).find((one) => one.id === copy.id)?.deleted !== false,
      );
    });

  if (capabilities.react.level !== 'dropped' && from.connector.capabilities.react.level !== 'dropped')
    it('a bridge copies a reaction and removes it with the original', async () => {
      const text = fresh('react to this');
      const { id } = await act(here, { text });
      await seen(there, text);
      await act(here, { do: 'react', id, user: 'ben', emoji: '👍' });
      await eventually('it is shown', async () => (await seen(there, text)).reactions['👍']?.length === 1);
      await act(here, { do: 'unreact', id, user: 'ben', emoji: '👍' });
      await eventually('it is gone', async () => (await seen(there, text)).reactions['👍'] === undefined);
    });

  it('a bridge mentions a person where the platforms can, and never because of text', async () => {
    const text = fresh('look');
    await act(here, {
      content: [{ text: `${text} ` }, { text: '', mention: 'ben' }, { text: ' <!here> <@U0CLEO> @all' }],
    });
    const shown = await seen(there, text);
    // A person is recognized on another platform by their e-mail address, which not every platform tells.
    const { byId, byEmail } = from.connector.people ?? {};
    const isKnown = byId !== undefined && byEmail !== undefined;
    if (isKnown && capabilities.mention.level === 'full') expect(shown.mentions).toEqual(['ben']);
    else expect(shown).toMatchObject({ mentions: [], markup: expect.stringContaining('@Ben Baker') });
  });

  // Two workspaces of one platform have the same people in the simulator.
  if (from !== to)
    it('a bridge shows the name of a mentioned person whom the other platform does not know', async () => {
      const text = fresh('do you know');
      await act(here, { content: [{ text: `${text} ` }, { text: '', mention: 'dora' }] });
      expect(await seen(there, text)).toMatchObject({ mentions: [], markup: expect.stringContaining('@Dora Dean') });
    });

  const posts = there.platform.connector.postsFiles === true;
  const shared = () => {
    const name = `${fresh('plan').replaceAll(/[^A-Za-z0-9]/g, '-')}.png`;
    const bytes = randomBytes(100_000);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = { name, mediaType: 'image/png', base64: bytes.toString('base64') };
    return { name, file, shown: posts ? [{ name, mediaType: 'image/png', size: bytes.length, sha256 }] : [] };
  };
  const sharedOn = (side: Side, file: string) =>
    eventually(`${file} is there`, async () =>
      (await read(side)).find(({ markup, files }) => markup.includes(file) || files.some(({ name }) => name === file)),
    );

  it(posts ? 'a bridge posts a file with the same bytes' : 'a bridge posts a link to a file', async () => {
    const { name, file, shown } = shared();
    await act(here, { content: [], file });
    const copy = await sharedOn(there, name);
    expect(copy.files).toEqual(shown);
    expect(`${copy.by} ${copy.markup}`).toContain('Ann Archer');
  });

  it(posts ? 'a bridge posts a file after its text' : 'a bridge adds a file as a link to its text', async () => {
    const { name, file, shown } = shared();
    const text = fresh('look at this');
    const { id } = await act(here, { text, file });
    const copy = await sharedOn(there, name);
    expect(copy.files).toEqual(shown);
    const words = await seen(there, text);
    const all = (await read(there)).map((one) => one.id);
    if (posts) expect(all.indexOf(words.id)).toBeLessThan(all.indexOf(copy.id));
    else expect(copy.id).toBe(words.id);
    if (capabilities.delete.level === 'dropped') return;
    await act(here, { do: 'delete', id });
    await eventually('both are gone', async () =>
      (await read(there)).every((one) => one.deleted || (one.id !== copy.id && one.id !== words.id)),
    );
  });

  it('a bridge keeps styles and links', async () => {
    const text = fresh('styled');
    const content = [
      { text: `${text} ` },
      { text: 'strong', bold: true },
      { text: ' and ' },
      { text: 'code', code: true },
      { text: ' and ' },
      { text: 'a link', link: 'https://example.com/a?b=c' },
    ];
    await act(here, { content });
    const { markup } = await seen(there, text);
    for (const part of ['strong', 'code', 'https://example.com/a?b=c'])
      expect(markup.replaceAll('&amp;', '&')).toContain(part);
  });
}

/**
 * Returns for a table what a bridge can do from one platform to another: C create, T thread, E edit, D delete, R react,
 * M mention, F file. A small letter means in part, a dash not at all.
 */
export function cellsOf(from: Platform, to: Platform): string {
  const { capabilities: can } = to.connector;
  const { capabilities: had, people } = from.connector;
  const levels = {
    C: 'full',
    T: had.thread.level === 'dropped' ? 'dropped' : can.thread.level,
    E: can.edit.level,
    D: can.delete.level,
    R: had.react.level === 'dropped' ? 'dropped' : can.react.level,
    M: people?.byId === undefined || people.byEmail === undefined ? 'partial' : can.mention.level,
    F: can.files.level,
  };
  return Object.entries(levels)
    .map(([letter, level]) => (level === 'full' ? letter : level === 'partial' ? letter.toLowerCase() : '-'))
    .join('');
}
