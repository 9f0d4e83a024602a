import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing } from '../contract/connector.ts';
import { readText } from '../contract/fields.ts';
import { matrixAddress } from './settings.ts';

/** An event of Matrix: its id is known in its room only, and changes to it are its sender's. */
export interface MatrixMessage {
  readonly room: string;
  readonly event: string;
  /** Absent where only the event is named, as by a redaction. */
  readonly sender?: string;
  /** The root of its thread; absent where it is itself a root, or stands alone. */
  readonly thread?: string;
}

/**
 * `<room> <event> <sender> <root>`, with `-` for a sender that is not known, and without what is behind the last known.
 * No id of Matrix holds white space (client-server API, "Identifier grammar").
 */
export function nativeId({ room, event, sender, thread }: MatrixMessage): string {
  const parts = [room, event];
  if (sender !== undefined || thread !== undefined) parts.push(sender ?? '-');
  if (thread !== undefined) parts.push(thread);
  return parts.join(' ');
}

/** Room and event: the same whoever names it. */
export function linkKey(native: string): string {
  return native.split(' ', 2).join(' ');
}

/**
 * Reads what `nativeId` wrote.
 * @throws SendFailure permanent `invalid_native_id`, also for null.
 */
export function parseNativeId(text: string | null): MatrixMessage {
  const [, room, event, sender, thread] = /^(!\S+) (\$\S+)(?: (-|@\S+)(?: (\$\S+))?)?$/.exec(text ?? '') ?? [];
  if (room === undefined || event === undefined)
    throw new SendFailure({
      kind: 'permanent',
      code: 'invalid_native_id',
      message: 'the receipt of what this refers to names no event of Matrix',
    });
  return {
    room,
    event,
    ...(sender === undefined || sender === '-' ? {} : { sender }),
    ...(thread === undefined ? {} : { thread }),
  };
}

/**
 * Where a new event goes: always to the destination's room. Into a thread where it replies to something there; what
 * replies to a reply goes to that one's root, since threads have no branches.
 */
export function placeOf({ action, destination }: Outgoing): { readonly room: string; readonly thread?: string } {
  const room = readText(matrixAddress, destination.address, 'room');
  if (action.kind !== 'create' || action.thread === undefined) return { room };
  const parent = parseNativeId(action.thread.nativeId);
  return parent.room === room ? { room, thread: parent.thread ?? parent.event } : { room };
}
