import type { EventPosition } from '../../store/read/events.ts';
import { invalidInput, type Problem } from '../errors.ts';

const form = /^events:(0|[1-9][0-9]{0,19})\.(0|[1-9][0-9]{0,15})$/;
/** The largest number that xid8 holds. */
const maxXid = 2n ** 64n - 1n;

/** An event's id, as readers see it: opaque, and the cursor behind which they go on. */
export function encodeEventCursor({ xid, id }: EventPosition): string {
  return Buffer.from(`events:${xid}.${id}`).toString('base64url');
}

/**
 * @param path where the cursor stood, for the error.
 * @throws Problem 422 for what is no cursor of ours.
 */
export function decodeEventCursor(cursor: string, path: string): EventPosition {
  const [, xid, id] = form.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (xid === undefined || id === undefined) throw notACursor(path);
  const position = { xid: BigInt(xid), id: Number(id) };
  // Base64 has more than one text for the same bytes; only ours is one.
  if (position.xid > maxXid || encodeEventCursor(position) !== cursor) throw notACursor(path);
  return position;
}

function notACursor(path: string): Problem {
  return invalidInput([{ path, code: 'invalid_cursor', message: 'is not the id of an event, nor a nextCursor' }]);
}

export function isAfter(a: EventPosition, b: EventPosition): boolean {
  return a.xid > b.xid || (a.xid === b.xid && a.id > b.id);
}
