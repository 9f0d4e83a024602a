import { createHash, randomBytes } from 'node:crypto';
import type { RoomMessage } from '../../src/simulators/kit/rooms.ts';
import type { Platform } from '../support/platforms/platform.ts';
import { eventually } from '../support/eventually.ts';
import { inStep, type Once } from '../support/in-step.ts';
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

/**
 * What a bridge must do from one platform to each of the others, as far as their capabilities go. An action in the
 * first room is done once for all the others, because each of them gets it anyway. Each target has its own tests and
 * assertions.
 */
export function bridgeSuite(
  from: Platform,
  targets: readonly Platform[],
  at: () => { rooms: Rooms; room: string; to?: string },
  titleOf = (to: Platform): string => `a bridge from ${from.connector.name} to ${to.connector.name}`,
): void {
  type Side = { readonly platform: Platform; readonly isTarget: boolean };
  const here: Side = { platform: from, isTarget: false };
  let count = 0;
  /** Returns a text that no other text of the room contains. */
  const fresh = (what: string): string => `${what} ${(count += 1)} of ${from.connector.name}`;
  const roomOf = ({ platform, isTarget }: Side): string => platform.room((isTarget ? at().to : undefined) ?? at().room);
  const act = (side: Side, action: Parameters<Rooms['act']>[1]) =>
    at().rooms.act(side.platform.connector.name, { room: roomOf(side), ...action });
  const read = (side: Side): Promise<RoomMessage[]> => at().rooms.read(side.platform.connector.name, roomOf(side));
  const seen = (side: Side, text: string) =>
    eventually(`"${text}" is seen on ${side.platform.connector.name}`, async () =>
      (await read(side)).find(({ markup, deleted }) => markup.includes(text) && !deleted),
    );
  const can = ({ connector }: Platform) => connector.capabilities;
  const posts = (to: Platform): boolean => to.connector.postsFiles === true;

  const tests: { title: string; to: Platform; run(): Promise<void> }[] = [];
  /** One test for each target to which it applies. */
  function story(
    title: string | ((to: Platform) => string),
    applies: (to: Platform) => boolean,
    tell: (there: Side, once: Once) => Promise<void>,
  ): void {
    const those = targets.filter(applies);
    const told = inStep(those, (platform, once) => tell({ platform, isTarget: true }, once));
    for (const to of those)
      tests.push({ title: typeof title === 'string' ? title : title(to), to, run: () => told(to) });
  }

  const hello = fresh('hello');
  story(
    'a bridge copies a message once, with the names of its author and platform',
    () => true,
    async (there, once) => {
      await once(() => act(here, { text: hello }));
      const shown = await seen(there, hello);
      expect(`${shown.by} ${shown.markup}`).toContain('Ann Archer');
      expect(`${shown.by} ${shown.markup}`).toContain(from.connector.title);
      expect((await read(there)).filter(({ markup }) => markup.includes(hello))).toHaveLength(1);
    },
  );

  const [root, reply] = [fresh('root'), fresh('reply')];
  story(
    'a bridge puts a reply into the thread of the copy, also when the reply is to a copy',
    (to) => can(to).thread.level !== 'dropped' && can(from).thread.level !== 'dropped',
    async (there, once) => {
      const answer = fresh('answer');
      const { id } = await once(() => act(here, { text: root }));
      const copy = await seen(there, root);
      await once(() => act(here, { text: reply, user: 'ben', thread: id }));
      expect((await seen(there, reply)).thread).toBe(copy.id);
      await act(there, { text: answer, user: 'cleo', thread: copy.id });
      expect((await seen(here, answer)).thread).toBe(id);
    },
  );

  const [before, after] = [fresh('before'), fresh('after')];
  story(
    'a bridge copies an edit',
    (to) => can(to).edit.level !== 'dropped',
    async (there, once) => {
      const { id } = await once(() => act(here, { text: before }));
      const copy = await seen(there, before);
      await once(() => act(here, { do: 'edit', id, text: after }));
      expect((await seen(there, after)).id).toBe(copy.id);
    },
  );

  const soonGone = fresh('soon gone');
  story(
    'a bridge deletes the copy of a deleted message',
    (to) => can(to).delete.level !== 'dropped',
    async (there, once) => {
      const { id } = await once(() => act(here, { text: soonGone }));
      const copy = await seen(there, soonGone);
      await once(() => act(here, { do: 'delete', id }));
      await eventually(
        'it is gone',
        async () => (await read(there)).find((one) => one.id === copy.id)?.deleted !== false,
      );
    },
  );

  const reactTo = fresh('react to this');
  story(
    'a bridge copies a reaction and removes it with the original',
    (to) => can(to).react.level !== 'dropped' && can(from).react.level !== 'dropped',
    async (there, once) => {
      const { id } = await once(() => act(here, { text: reactTo }));
      await seen(there, reactTo);
      await once(() => act(here, { do: 'react', id, user: 'ben', emoji: '👍' }));
      await eventually('it is shown', async () => (await seen(there, reactTo)).reactions['👍']?.length === 1);
      await once(() => act(here, { do: 'unreact', id, user: 'ben', emoji: '👍' }));
      await eventually('it is gone', async () => (await seen(there, reactTo)).reactions['👍'] === undefined);
    },
  );

  const look = fresh('look');
  story(
    'a bridge mentions a person where the platforms can, and never because of text',
    () => true,
    async (there, once) => {
      await once(() =>
        act(here, {
          content: [{ text: `${look} ` }, { text: '', mention: 'ben' }, { text: ' <!here> <@U0CLEO> @all' }],
        }),
      );
      const shown = await seen(there, look);
      // A person is recognized on another platform by their e-mail address, which not every platform tells.
      const { byId, byEmail } = from.connector.people ?? {};
      const isKnown = byId !== undefined && byEmail !== undefined;
      if (isKnown && can(there.platform).mention.level === 'full') expect(shown.mentions).toEqual(['ben']);
      else expect(shown).toMatchObject({ mentions: [], markup: expect.stringContaining('@Ben Baker') });
    },
  );

  const doYouKnow = fresh('do you know');
  story(
    'a bridge shows the name of a mentioned person whom the other platform does not know',
    // Two workspaces of one platform have the same people in the simulator.
    (to) => from !== to,
    async (there, once) => {
      await once(() => act(here, { content: [{ text: `${doYouKnow} ` }, { text: '', mention: 'dora' }] }));
      const shown = await seen(there, doYouKnow);
      expect(shown).toMatchObject({ mentions: [], markup: expect.stringContaining('@Dora Dean') });
    },
  );

  const shared = () => {
    const name = `${fresh('plan').replaceAll(/[^A-Za-z0-9]/g, '-')}.png`;
    const bytes = randomBytes(100_000);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = { name, mediaType: 'image/png', base64: bytes.toString('base64') };
    const shownOn = (to: Platform) => (posts(to) ? [{ name, mediaType: 'image/png', size: bytes.length, sha256 }] : []);
    return { name, file, shownOn };
  };
  const sharedOn = (side: Side, file: string) =>
    eventually(`${file} is there`, async () =>
      (await read(side)).find(({ markup, files }) => markup.includes(file) || files.some(({ name }) => name === file)),
    );

  const alone = shared();
  story(
    (to) => (posts(to) ? 'a bridge posts a file with the same bytes' : 'a bridge posts a link to a file'),
    () => true,
    async (there, once) => {
      await once(() => act(here, { content: [], file: alone.file }));
      const copy = await sharedOn(there, alone.name);
      expect(copy.files).toEqual(alone.shownOn(there.platform));
      expect(`${copy.by} ${copy.markup}`).toContain('Ann Archer');
    },
  );

  const [lookAtThis, withWords] = [fresh('look at this'), shared()];
  story(
    (to) => (posts(to) ? 'a bridge posts a file after its text' : 'a bridge adds a file as a link to its text'),
    () => true,
    async (there, once) => {
      const { id } = await once(() => act(here, { text: lookAtThis, file: withWords.file }));
      const copy = await sharedOn(there, withWords.name);
      expect(copy.files).toEqual(withWords.shownOn(there.platform));
      const words = await seen(there, lookAtThis);
      const all = (await read(there)).map((one) => one.id);
      if (posts(there.platform)) expect(all.indexOf(words.id)).toBeLessThan(all.indexOf(copy.id));
      else expect(copy.id).toBe(words.id);
      if (can(there.platform).delete.level === 'dropped') return;
      await once(() => act(here, { do: 'delete', id }));
      await eventually('both are gone', async () =>
        (await read(there)).every((one) => one.deleted || (one.id !== copy.id && one.id !== words.id)),
      );
    },
  );

  const styled = fresh('styled');
  story(
    'a bridge keeps styles and links',
    () => true,
    async (there, once) => {
      const content = [
        { text: `${styled} ` },
        { text: 'strong', bold: true },
        { text: ' and ' },
        { text: 'code', code: true },
        { text: ' and ' },
        { text: 'a link', link: 'https://example.com/a?b=c' },
      ];
      await once(() => act(here, { content }));
      const { markup } = await seen(there, styled);
      for (const part of ['strong', 'code', 'https://example.com/a?b=c'])
        expect(markup.replaceAll('&amp;', '&')).toContain(part);
    },
  );

  for (const target of targets)
    describe(titleOf(target), () => {
      for (const { title, to, run } of tests) if (to === target) it(title, run);
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
