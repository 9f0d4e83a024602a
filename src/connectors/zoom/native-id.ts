import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing, Receipt } from '../contract/connector.ts';
import { readText } from '../contract/fields.ts';
import { zoomAddress } from './settings.ts';

/** A message of Zoom. Its id is unique, but every call about it must also name its channel. */
export interface ZoomMessage {
  readonly channel: string;
  readonly id: string;
  /** The main message of its thread; absent if the message is itself a main message. */
  readonly thread?: string;
}

/** Writes `<channel>:<message id>`, or for a reply `<channel>:<message id>:<id of the thread's main message>`. */
export function nativeId({ channel, id, thread }: ZoomMessage): string {
  return thread === undefined || thread === '' || thread === id ? `${channel}:${id}` : `${channel}:${id}:${thread}`;
}

/**
 * Reads what `nativeId` wrote.
 * @throws SendFailure permanent `invalid_native_id` if the text has another form, or is null.
 */
export function parseNativeId(text: string | null): ZoomMessage {
  const [channel, id, thread, ...more] = (text ?? '').split(':');
  if (channel === undefined || channel === '' || id === undefined || id === '' || more.length > 0)
    throw new SendFailure({
      kind: 'permanent',
      code: 'invalid_native_id',
      message: 'the receipt of what this refers to names no message of Zoom',
    });
  return { channel, id, ...(thread === undefined || thread === '' ? {} : { thread }) };
}

/** The part that every report of the message contains. A reaction does not say in which thread its message is. */
export function linkKey(native: string): string {
  return native.split(':').slice(0, 2).join(':');
}

/**
 * The channel and thread of a new post. The channel is always the destination's. A reply to a reply goes to that
 * reply's main message, because Zoom refuses any other (error 5402). If the parent is in another channel, because the
 * destination was moved since, the post goes into no thread.
 */
export function placeOf({ action, destination }: Outgoing): Omit<ZoomMessage, 'id'> {
  const channel = readText(zoomAddress, destination.address, 'channel');
  if (action.kind !== 'create' || action.thread === undefined) return { channel };
  const parent = parseNativeId(action.thread.nativeId);
  return parent.channel === channel ? { channel, thread: parent.thread ?? parent.id } : { channel };
}

/** The receipt of a new post. It says so if a reply was posted outside of its thread. */
export function receiptOf({ action }: Outgoing, message: ZoomMessage): Receipt {
  const isAstray = action.kind === 'create' && action.thread !== undefined && message.thread === undefined;
  const text = 'It was posted outside a thread: the message that it replies to is not in this channel.';
  return { nativeId: nativeId(message), ...(isAstray ? { degraded: { code: 'thread_missing', message: text } } : {}) };
}
