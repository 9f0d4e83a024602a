import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing, Receipt } from '../contract/connector.ts';
import { readText } from '../contract/fields.ts';
import { webexAddress } from './settings.ts';

/** A message of Webex. Its id is globally unique; an edit must also name its room. */
export interface WebexMessage {
  readonly room: string;
  readonly id: string;
  /** The id of the thread's root; absent if the message is itself a root or is in no thread. */
  readonly thread?: string;
}

/**
 * Writes `<roomId>:<id>`, or for a reply `<roomId>:<id>:<id of the thread's root>`. The ids are base64 and contain no
 * colon.
 */
export function nativeId({ room, id, thread }: WebexMessage): string {
  return thread === undefined || thread === id ? `${room}:${id}` : `${room}:${id}:${thread}`;
}

/**
 * Reads what `nativeId` wrote.
 * @throws SendFailure permanent `invalid_native_id` if the text has another form, or is null.
 */
export function parseNativeId(text: string | null): WebexMessage {
  const [, room, id, thread] = /^([^:/]+):([^:/]+)(?::([^:/]+))?$/.exec(text ?? '') ?? [];
  if (room === undefined || id === undefined)
    throw new SendFailure({
      kind: 'permanent',
      code: 'invalid_native_id',
      message: 'the receipt of what this refers to names no message of Webex',
    });
  return { room, id, ...(thread === undefined ? {} : { thread }) };
}

/**
 * The room and thread of a new message. The room is always the destination's. A reply to a reply goes to the same root,
 * because `parentId` must name a root. If the parent is in another room, because the destination was moved since, the
 * message goes into no thread.
 */
export function placeOf({ action, destination }: Outgoing): Omit<WebexMessage, 'id'> {
  const room = readText(webexAddress, destination.address, 'roomId');
  if (action.kind !== 'create' || action.thread === undefined) return { room };
  const parent = parseNativeId(action.thread.nativeId);
  return parent.room === room ? { room, thread: parent.thread ?? parent.id } : { room };
}

/** The receipt of a new message. It says so if a reply was posted outside of its thread. */
export function receiptOf({ action }: Outgoing, message: WebexMessage): Receipt {
  const isAstray = action.kind === 'create' && action.thread !== undefined && message.thread === undefined;
  const text = 'It was posted outside a thread: the message that it replies to is not in this room any more.';
  return { nativeId: nativeId(message), ...(isAstray ? { degraded: { code: 'thread_missing', message: text } } : {}) };
}
