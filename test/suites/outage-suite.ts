import type { Platform } from '../support/platforms/platform.ts';
import type { Rooms } from '../support/rooms.ts';

/** What a person does in the half hour. The text of each message begins with its name. */
type Deed =
  | { readonly do: 'say'; readonly name: string; readonly to?: string; readonly file?: string }
  | { readonly do: 'edit' | 'delete' | 'react'; readonly name: string };

/** Messages that were said 40 minutes ago and copied. They are replied to, edited, deleted and reacted to later. */
export const before = ['b1', 'b2', 'b3', 'b4'];
const edited = ['b2', 'm03', 'm04', 'm05', 'm06'];
const deleted = ['b3', 'm29', 'm30'];
const reacted = ['b4', 'm07', 'm08', 'm09'];
const replies = { b1: ['r1'], m01: ['r2', 'r3', 'r4', 'r5'], m02: ['r6', 'r7', 'r8'] };
export const fileName = 'notes.txt';

/** Returns fifty acts: 30 messages, one of them with a file, 8 replies, 5 edits, 3 deletes and 4 reactions. */
export function deedsOn({ connector }: Platform): readonly Deed[] {
  // Webex reports no reactions, so there are four more messages instead.
  const hasReactions = connector.name !== 'webex';
  const say = (from: number, to: number): Deed[] =>
    Array.from({ length: to - from + 1 }, (_, index) => {
      const name = `m${String(from + index).padStart(2, '0')}`;
      return { do: 'say', name, ...(name === 'm12' ? { file: fileName } : {}) };
    });
  return [
    ...say(1, 10),
    ...Object.entries(replies).flatMap(([to, names]) => names.map((name): Deed => ({ do: 'say', name, to }))),
    ...edited.map((name): Deed => ({ do: 'edit', name })),
    ...say(11, 20),
    ...(hasReactions ? reacted.map((name): Deed => ({ do: 'react', name })) : say(31, 34)),
    ...say(21, 30),
    ...deleted.map((name): Deed => ({ do: 'delete', name })),
  ];
}

/**
 * Lets people act in a room, spread over half an hour of the platform's clock. Adds the ids of the messages to `ids`.
 */
export async function doAll(
  deeds: readonly Deed[],
  at: { rooms: Rooms; connector: string; room: string; ids: Map<string, string> },
): Promise<void> {
  const { rooms, connector, room, ids } = at;
  for (const [index, deed] of deeds.entries()) {
    const common = { room, minutesAgo: 30 - (29 * index) / deeds.length };
    const id = ids.get(deed.name) ?? '';
    if (deed.do === 'say') {
      const { name, to, file } = deed;
      const more = file && { file: { name: file, mediaType: 'text/plain', base64: 'YWxsIG9mIGl0' } };
      const said = { ...common, text: `${name} hello`, ...(to && { thread: ids.get(to) ?? '', user: 'ben' as const }) };
      ids.set(name, (await rooms.act(connector, { ...said, ...more })).id);
    } else if (deed.do === 'edit')
      await rooms.act(connector, { ...common, do: 'edit', id, text: `${deed.name} edited` });
    else if (deed.do === 'delete') await rooms.act(connector, { ...common, do: 'delete', id });
    else await rooms.act(connector, { ...common, do: 'react', id, user: 'cleo', emoji: '👍' });
  }
}

/** What arrived in the other room of the bridge. */
export interface Arrived {
  readonly arrived: number;
  readonly inOrder: boolean;
  readonly doubled: number;
  /** In the form `4 of 5`. */
  readonly edits: string;
  readonly deletes: string;
  readonly reactions: string;
}

/** @param room a room on Matrix, whose simulator shows everything. */
export async function arrivedIn(room: string, deeds: readonly Deed[], rooms: Rooms): Promise<Arrived> {
  // A file is a message of its own, after its text.
  const all = (await rooms.read('matrix', room)).filter((one) => !one.deleted && one.files.length === 0);
  const nameOf = (markup: string): string => /\b[bmr]\d+\b/.exec(markup)?.[0] ?? markup;
  const found = all.map(({ markup }) => nameOf(markup)).filter((name) => !before.includes(name));
  const said = deeds.flatMap((deed) => (deed.do === 'say' ? [deed.name] : []));
  const unique = [...new Set(found)];
  const shown = (name: string) => all.find(({ markup }) => nameOf(markup) === name);
  const part = (kind: Deed['do'], isDone: (name: string) => boolean): string => {
    const names = deeds.flatMap((deed) => (deed.do === kind ? [deed.name] : []));
    return names.length === 0 ? 'none' : `${names.filter(isDone).length} of ${names.length}`;
  };
  return {
    arrived: unique.length,
    inOrder: said.filter((name) => unique.includes(name)).join() === unique.join(),
    doubled: found.length - unique.length,
    edits: part('edit', (name) => shown(name)?.markup.includes('edited') === true),
    deletes: part('delete', (name) => shown(name) === undefined),
    reactions: part('react', (name) => Object.keys(shown(name)?.reactions ?? {}).length > 0),
  };
}
