import type { EventPosition } from '../../store/read/events.ts';
import { invalidInput, type Problem } from '../errors.ts';

const form = /^events:(0|[1-9][0-9]{0,19})\.(0|[1-9][0-9]{0,15})$/;
/** The largest value of PostgreSQL's xid8. */
const maxXid = 2n ** 64n - 1n;

/** The id of an event as clients see it. It is opaque and serves as the cursor for the events after this one. */
export function encodeEventCursor({ xid, id }: EventPosition): string {
  return Buffer.from(`events:${xid}.${id}`).toString('base64url');
}

/**
 * @param path the name of the cursor's parameter or header, for the error.
 * @throws Problem 422 when the text is not an event's id.
 */
export function decodeEventCursor(cursor: string, path: string): EventPosition {
  const [, xid, id] = form.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (xid === undefined || id === undefined) throw notACursor(path);
  const position = { xid: BigInt(xid), id: Number(id) };
  // Several base64 texts decode to the same bytes. Only the one that we would write is accepted.
  if (position.xid > maxXid || encodeEventCursor(position) !== cursor) throw notACursor(path);
  return position;
}

function notACursor(path: string): Problem {
  return invalidInput([{ path, code: 'invalid_cursor', message: 'is neither the id of an event nor a nextCursor' }]);
}

export function isAfter(a: EventPosition, b: EventPosition): boolean {
  return a.xid > b.xid || (a.xid === b.xid && a.id > b.id);
}
