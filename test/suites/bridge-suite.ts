import type { RoomMessage } from '../../src/connectors/simulator-kit-rooms.ts';
import type { Platform } from '../support/platforms/platform.ts';
import { eventually } from '../support/eventually.ts';
import { roomsAt, type Rooms } from '../support/rooms.ts';
import type { Stack } from '../support/stack.ts';

/** Connections, destinations and a bridge between the same room of several platforms. */
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

/** What must hold from each platform to each other, as far as its capabilities go. */
export function bridgeSuite(from: Platform, to: Platform, at: () => { rooms: Rooms; room: string }): void {
  const { capabilities } = to.connector;
  let count = 0;
  const fresh = (what: string): string => `${what} ${(count += 1)} of ${from.connector.name}`;
  const act = (platform: Platform, action: Parameters<Rooms['act']>[1]) =>
    at().rooms.act(platform.connector.name, { room: platform.room(at().room), ...action });
  const read = (platform: Platform): Promise<RoomMessage[]> =>
    at().rooms.read(platform.connector.name, platform.room(at().room));
  const seen = (platform: Platform, text: string) =>
    eventually(`"${text}" is seen on ${platform.connector.name}`, async () =>
      (await read(platform)).find(({ markup, deleted }) => markup.includes(text) && !deleted),
    );

  it('shows what is said, once, with who said it and where', async () => {
    const text = fresh('hello');
    await act(from, { text });
    const shown = await seen(to, text);
    expect(`${shown.by} ${shown.markup}`).toContain('Ann Archer');
    expect(`${shown.by} ${shown.markup}`).toContain(from.connector.title);
    expect((await read(to)).filter(({ markup }) => markup.includes(text))).toHaveLength(1);
  });

  if (capabilities.thread.level !== 'dropped' && from.connector.capabilities.thread.level !== 'dropped')
    it('takes a reply into the thread, also one to a copy', async () => {
      const [root, reply, answer] = [fresh('root'), fresh('reply'), fresh('answer')];
      const { id } = await act(from, { text: root });
      const copy = await seen(to, root);
      await act(from, { text: reply, user: 'ben', thread: id });
      expect((await seen(to, reply)).thread).toBe(copy.id);
      await act(to, { text: answer, user: 'cleo', thread: copy.id });
      expect((await seen(from, answer)).thread).toBe(id);
    });

  if (capabilities.edit.level !== 'dropped')
    it('follows an edit', async () => {
      const [before, after] = [fresh('before'), fresh('after')];
      const { id } = await act(from, { text: before });
      const copy = await seen(to, before);
      await act(from, { do: 'edit', id, text: after });
      expect((await seen(to, after)).id).toBe(copy.id);
    });

  if (capabilities.delete.level !== 'dropped')
    it('follows a delete', async () => {
      const text = fresh('soon gone');
      const { id } = await act(from, { text });
      const copy = await seen(to, text);
      await act(from, { do: 'delete', id });
      await eventually('it is gone', async () => (await read(to)).find((one) => one.id === copy.id)?.deleted !== false);
    });

  if (capabilities.react.level !== 'dropped' && from.connector.capabilities.react.level !== 'dropped')
    it('follows a reaction, and its end', async () => {
      const text = fresh('react to this');
      const { id } = await act(from, { text });
      await seen(to, text);
      await act(from, { do: 'react', id, user: 'ben', emoji: '👍' });
      await eventually('it is shown', async () => (await seen(to, text)).reactions['👍']?.length === 1);
      await act(from, { do: 'unreact', id, user: 'ben', emoji: '👍' });
      await eventually('it is gone', async () => (await seen(to, text)).reactions['👍'] === undefined);
    });

  it('names who is mentioned, so that the platform tells them where it can, and makes no mention of text', async () => {
    const text = fresh('look');
    await act(from, {
      content: [{ text: `${text} ` }, { text: '', mention: 'ben' }, { text: ' <!here> <@U0CLEO> @all' }],
    });
    const shown = await seen(to, text);
    // Who is meant is known elsewhere by their address, which not every platform tells.
    const isKnown = from.connector.people?.byId !== undefined;
    if (isKnown && capabilities.mention.level === 'full') expect(shown.mentions).toEqual(['ben']);
    else expect(shown).toMatchObject({ mentions: [], markup: expect.stringContaining('@Ben Baker') });
  });

  it('keeps styles and links', async () => {
    const text = fresh('styled');
    const content = [
      { text: `${text} ` },
      { text: 'strong', bold: true },
      { text: ' and ' },
      { text: 'code', code: true },
      { text: ' and ' },
      { text: 'a link', link: 'https://example.com/a?b=c' },
    ];
    await act(from, { content });
    const { markup } = await seen(to, text);
    for (const part of ['strong', 'code', 'https://example.com/a?b=c'])
      expect(markup.replaceAll('&amp;', '&')).toContain(part);
  });
}
