import type { RoomMessage } from '../../src/simulators/kit/rooms.ts';
import { eventually } from '../support/eventually.ts';
import type { Platform } from '../support/platforms/platform.ts';
import type { Rooms } from '../support/rooms.ts';
import type { Stack } from '../support/stack.ts';

export interface TwoRooms {
  readonly stack: Stack;
  readonly rooms: Rooms;
  readonly room: string;
}

/**
 * What must hold however late, often and disordered a platform sends its events: both rooms end with the same messages.
 */
export function unorderedSuite(from: Platform, to: Platform, at: () => TwoRooms): void {
  const here = from.connector.name;
  const act = (platform: Platform, action: Parameters<Rooms['act']>[1]) =>
    at().rooms.act(platform.connector.name, { room: platform.room(at().room), ...action });
  const read = async (platform: Platform): Promise<RoomMessage[]> =>
    (await at().rooms.read(platform.connector.name, platform.room(at().room))).filter(({ deleted }) => !deleted);
  let count = 0;
  /**
   * Returns a function that marks words, so that no text of the room contains another, and no two tests share a text.
   */
  const marked = (): ((word: string) => string) => {
    const mark = `${here}-${(count += 1)}`;
    return (word) => `${word} ${mark}.`;
  };
  const named = (all: readonly RoomMessage[], text: string): RoomMessage[] =>
    all.filter(({ markup }) => markup.includes(text));

  /** Returns the lines of a room: each text with the text of its thread's root and with its reactions. */
  function outline(all: readonly RoomMessage[], texts: readonly string[]): string[] {
    const textOf = (id: string | null): string => {
      const found = all.find((message) => message.id === id);
      return texts.find((text) => found?.markup.includes(text)) ?? '';
    };
    return texts.flatMap((text) =>
      named(all, text).map(
        ({ thread, reactions }) => `${text} in "${textOf(thread)}" ${Object.keys(reactions).join(' ')}`,
      ),
    );
  }

  async function endEqual(texts: readonly string[], gone: readonly string[] = []): Promise<void> {
    const outlines = async (): Promise<string[][]> =>
      Promise.all([from, to].map(async (platform) => outline(await read(platform), texts).sort()));
    const isEqual = async (): Promise<boolean> => {
      const [one = [], other = []] = await outlines();
      return one.length === texts.length && one.join('\n') === other.join('\n');
    };
    await eventually('both rooms are equal', isEqual).catch(async (error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(await outlines(), null, 2)}`);
    });
    // A message that would be doubled or come back is no longer on its way when nothing else is. A delete of a message
    // that was gone before it could be fetched still waits for its original; that wait is not counted.
    await eventually('nothing is on its way any more', async () => {
      const sent = await Promise.all([from, to].map(({ connector: { name } }) => at().rooms.hooks(name)));
      if (sent.flat().some(({ state }) => ['sending', 'waiting'].includes(state))) return false;
      const [row] = await at().stack.sql<[{ open: number }]>`
        select (select count(*) from inbox where state <> 'waiting' and due_at is not null)::integer
          + (select count(*) from inbox where due_at <= clock_timestamp())::integer
          + (select count(*) from deliveries where state in ('queued', 'waiting', 'sending', 'retrying'))::integer as open`;
      return row.open === 0;
    });
    const [one, other] = await outlines();
    expect(other).toEqual(one);
    expect(one).toHaveLength(texts.length);
    for (const platform of [from, to])
      expect((await read(platform)).filter(({ markup }) => gone.some((text) => markup.includes(text)))).toEqual([]);
  }

  const reacts = [from, to].every(({ connector }) => connector.capabilities.react.level !== 'dropped');

  it('both rooms end equal when all events come backwards, three times each, and again after an hour', async () => {
    const text = marked();
    await at().rooms.outbox(here, { held: true, copies: 3 });
    const root = await act(from, { text: text('root') });
    await act(from, { text: text('leaf'), thread: root.id, user: 'ben' });
    const edited = await act(from, { text: text('draft') });
    await act(from, { do: 'edit', id: edited.id, text: text('final') });
    const deleted = await act(from, { text: text('regretted') });
    await act(from, { do: 'delete', id: deleted.id });
    if (reacts) await act(from, { do: 'react', id: root.id, user: 'ben', emoji: '🎉' });
    await at().rooms.outbox(here, { held: false, release: 'reversed' });
    const all = [text('root'), text('leaf'), text('final')];
    await endEqual(all, [text('draft'), text('regretted')]);
    await at().stack.sql`
      update inbox set received_at = received_at - interval '1 hour', done_at = done_at - interval '1 hour'`;
    await at().stack.sql`update links set created_at = created_at - interval '1 hour'`;
    await at().rooms.outbox(here, { copies: 1, repeat: true });
    await act(from, { text: text('last') });
    await endEqual([...all, text('last')], [text('draft'), text('regretted')]);
  });

  if ([from, to].every(({ connector }) => connector.capabilities.thread.level !== 'dropped'))
    it('both rooms end equal when two people reply at the same time, one in each room', async () => {
      const text = marked();
      const root = await act(from, { text: text('root') });
      const copy = await eventually('it is copied', async () => named(await read(to), text('root'))[0]);
      await Promise.all([
        act(from, { text: text('one'), thread: root.id, user: 'ben' }),
        act(to, { text: text('two'), thread: copy.id, user: 'cleo' }),
      ]);
      await endEqual([text('root'), text('one'), text('two')]);
    });

  it('both rooms end equal when a message is deleted while its copy is being posted', async () => {
    const text = marked();
    await at().stack.fault(to.connector.name, { mode: 'delay', delayMs: 8_000, match: 'hasty', times: 1 });
    const { id } = await act(from, { text: text('hasty') });
    await eventually('it is being posted', async () => {
      const rows = await at().stack.sql`select from deliveries where state = 'sending'`;
      return rows.length > 0;
    });
    await act(from, { do: 'delete', id });
    await act(from, { text: text('after') });
    await at().stack.clearFaults(to.connector.name);
    await endEqual([text('after')], [text('hasty')]);
  });
}
