import { invalidInput } from '../errors.ts';

/** Translates the key of a list's last item to an opaque cursor and back. */
export interface Cursors {
  encode(key: string): string;
  /** @throws Problem 422 when the cursor is not from this list. */
  decode(cursor: string | undefined): string | undefined;
}

/**
 * Makes the cursors of one list. A cursor holds the key after which the next page begins. So pages neither repeat nor
 * skip an item that was there all along, whatever is added meanwhile.
 * @param list the name of the list; cursors of other lists are refused.
 * @param key the form of a valid key.
 */
export function cursorsOf(list: string, key: RegExp): Cursors {
  return {
    encode: (last) => Buffer.from(`${list}:${last}`).toString('base64url'),
    decode(cursor) {
      if (cursor === undefined) return undefined;
      const [from, last = ''] = Buffer.from(cursor, 'base64url').toString().split(':');
      if (from === list && key.test(last) && this.encode(last) === cursor) return last;
      throw invalidInput([{ path: '?cursor', code: 'invalid_cursor', message: 'is not a cursor of this list' }]);
    },
  };
}

export interface Page<T> {
  readonly data: T[];
  readonly nextCursor: string | null;
}

/** @param rows the page, plus one more row if there is a next page. */
export function pageOf<Row, T>(
  rows: readonly Row[],
  limit: number,
  cursors: Cursors,
  keyOf: (row: Row) => string,
  show: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? cursors.encode(keyOf(last)) : null;
  return { data: shown.map(show), nextCursor };
}
