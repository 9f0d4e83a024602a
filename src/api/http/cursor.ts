import { invalidInput } from '../errors.ts';

/** What one list needs to go on: the key of the last item, in a form that only that list takes back. */
export interface Cursors {
  encode(key: string): string;
  /** @throws Problem 422 for a cursor that this list did not give. */
  decode(cursor: string | undefined): string | undefined;
}

/**
 * Opaque cursors of one list. They hold the key behind which the next page begins, so pages neither repeat nor skip
 * what was there all the time, however much is added meanwhile.
 * @param list its name; a cursor of another list is refused.
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

/** @param rows one more than the limit where there is a next page. */
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
