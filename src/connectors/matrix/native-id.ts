import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing } from '../contract/connector.ts';
import { readText } from '../contract/fields.ts';
import { matrixAddress } from './settings.ts';

/** An event of Matrix. Its id is known only in its room, and only its sender can change it. */
export interface MatrixMessage {
  readonly room: string;
  readonly event: string;
  /** Absent if only the event's id is known, as from a redaction. */
  readonly sender?: string;
  /** The root of the thread; absent if the event is itself a root or is in no thread. */
  readonly thread?: string;
}

/**
 * Writes `<room> <event> <sender> <root>`. An unknown sender is `-`, and unknown parts at the end are left out. No id
 * of Matrix contains white space (client-server API, "Identifier grammar").
 */
export function nativeId({ room, event, sender, thread }: MatrixMessage): string {
  const parts = [room, event];
  if (sender !== undefined || thread !== undefined) parts.push(sender ?? '-');
  if (thread !== undefined) parts.push(thread);
  return parts.join(' ');
}

/** Room and event, which every report of the message contains. */
export function linkKey(native: string): string {
  return native.split(' ', 2).join(' ');
}

/**
 * Reads what `nativeId` wrote.
 * @throws SendFailure permanent `invalid_native_id` if the text has another form, or is null.
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
 * The room and thread of a new event. The room is always the destination's. A reply goes into the thread of its parent
 * if the parent is in this room; a reply to a reply goes to the same root, because threads have no branches.
 */
export function placeOf({ action, destination }: Outgoing): { readonly room: string; readonly thread?: string } {
  const room = readText(matrixAddress, destination.address, 'room');
  if (action.kind !== 'create' || action.thread === undefined) return { room };
  const parent = parseNativeId(action.thread.nativeId);
  return parent.room === room ? { room, thread: parent.thread ?? parent.event } : { room };
}
