import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing, Receipt } from '../contract/connector.ts';
import { readText } from '../contract/fields.ts';
import { webexAddress } from './settings.ts';

/** A message of Webex. Its id is unique everywhere; an edit also names its room. */
export interface WebexMessage {
  readonly room: string;
  readonly id: string;
  /** Id of its thread's root; absent where the message is itself a root, or stands alone. */
  readonly thread?: string;
}

/** `<roomId>:<id>`, and for a reply `<roomId>:<id>:<id of its thread's root>`. The ids are base64 and hold no colon. */
export function nativeId({ room, id, thread }: WebexMessage): string {
  return thread === undefined || thread === id ? `${room}:${id}` : `${room}:${id}:${thread}`;
}

/**
 * Reads what `nativeId` wrote.
 * @throws SendFailure permanent `invalid_native_id`, also for null: without an id Webex knows no message.
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
 * Where a new message goes: always into the destination's room. Into a thread where it replies to something there; what
 * replies to a reply goes to that one's root, since `parentId` must name a root. A root in another room, from before the
 * destination was moved, has no thread here.
 */
export function placeOf({ action, destination }: Outgoing): Omit<WebexMessage, 'id'> {
  const room = readText(webexAddress, destination.address, 'roomId');
  if (action.kind !== 'create' || action.thread === undefined) return { room };
  const parent = parseNativeId(action.thread.nativeId);
  return parent.room === room ? { room, thread: parent.thread ?? parent.id } : { room };
}

/** The receipt of a new message that stands there; it says so where a reply stands outside of its thread. */
export function receiptOf({ action }: Outgoing, message: WebexMessage): Receipt {
  const isAstray = action.kind === 'create' && action.thread !== undefined && message.thread === undefined;
  const text = 'It stands by itself: the message that it replies to is not in this room any more.';
  return { nativeId: nativeId(message), ...(isAstray ? { degraded: { code: 'thread_missing', message: text } } : {}) };
}
