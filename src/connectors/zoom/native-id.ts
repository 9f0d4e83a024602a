import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing, Receipt } from '../contract/connector.ts';
import { readText } from '../contract/fields.ts';
import { zoomAddress } from './settings.ts';

/** A message of Zoom: its id is unique, and every call about it must name its channel, too. */
export interface ZoomMessage {
  readonly channel: string;
  readonly id: string;
  /** The main message of its thread; absent where it is a main message itself. */
  readonly thread?: string;
}

/** `<channel>:<message id>`, and for a reply `<channel>:<message id>:<id of its thread's main message>`. */
export function nativeId({ channel, id, thread }: ZoomMessage): string {
  return thread === undefined || thread === '' || thread === id ? `${channel}:${id}` : `${channel}:${id}:${thread}`;
}

/**
 * Reads what `nativeId` wrote.
 * @throws SendFailure permanent `invalid_native_id`, also for null: without an id Zoom knows no message.
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

/** The part that is the same whoever names the message: a reaction does not say which thread it is in. */
export function linkKey(native: string): string {
  return native.split(':').slice(0, 2).join(':');
}

/**
 * Where a new post goes: always into the destination's channel. What replies to a reply goes to that one's main message,
 * since Zoom refuses any other (error 5402). A main message in another channel, from before the destination was moved,
 * has no thread here.
 */
export function placeOf({ action, destination }: Outgoing): Omit<ZoomMessage, 'id'> {
  const channel = readText(zoomAddress, destination.address, 'channel');
  if (action.kind !== 'create' || action.thread === undefined) return { channel };
  const parent = parseNativeId(action.thread.nativeId);
  return parent.channel === channel ? { channel, thread: parent.thread ?? parent.id } : { channel };
}

/** The receipt of a new post that stands there; it says so where a reply stands outside of its thread. */
export function receiptOf({ action }: Outgoing, message: ZoomMessage): Receipt {
  const isAstray = action.kind === 'create' && action.thread !== undefined && message.thread === undefined;
  const text = 'It stands by itself: the message that it replies to is not in this channel.';
  return { nativeId: nativeId(message), ...(isAstray ? { degraded: { code: 'thread_missing', message: text } } : {}) };
}
