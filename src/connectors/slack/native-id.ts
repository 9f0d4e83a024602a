import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing, Receipt } from '../contract/connector.ts';
import { readText } from '../contract/fields.ts';
import { slackAddress } from './settings.ts';

/** Channel and ts together identify a message of Slack. A ts alone is only unique in its channel. */
export interface SlackMessage {
  readonly channel: string;
  readonly ts: string;
  /** The ts of the thread's root; absent if the message is itself a root or is in no thread. */
  readonly thread?: string;
}

/** Writes `<channel>:<ts>`, or for a reply `<channel>:<ts>:<ts of the thread's root>`. */
export function nativeId({ channel, ts, thread }: SlackMessage): string {
  return thread === undefined || thread === ts ? `${channel}:${ts}` : `${channel}:${ts}:${thread}`;
}

/**
 * Reads what `nativeId` wrote.
 * @throws SendFailure permanent `invalid_native_id` if the text has another form, or is null.
 */
export function parseNativeId(text: string | null): SlackMessage {
  const [, channel, ts, thread] = /^([^:]+):(\d+\.\d+)(?::(\d+\.\d+))?$/.exec(text ?? '') ?? [];
  if (channel === undefined || ts === undefined)
    throw new SendFailure({
      kind: 'permanent',
      code: 'invalid_native_id',
      message: 'the receipt of what this refers to names no message of Slack',
    });
  return { channel, ts, ...(thread === undefined ? {} : { thread }) };
}

/**
 * The channel and thread of a new post. The channel is always the destination's. A reply goes into the thread of its
 * parent; if the parent is itself a reply, into the same thread, because Slack's threads have no branches. If the
 * parent is in another channel, because the destination was moved since, the post goes into no thread.
 */
export function placeOf({ action, destination }: Outgoing): Omit<SlackMessage, 'ts'> {
  const channel = readText(slackAddress, destination.address, 'channel');
  if (action.kind !== 'create' || action.thread === undefined) return { channel };
  const parent = parseNativeId(action.thread.nativeId);
  return parent.channel === channel ? { channel, thread: parent.thread ?? parent.ts } : { channel };
}

/** The receipt of a new post. It says so if a reply was posted outside of its thread. */
export function receiptOf({ action }: Outgoing, message: SlackMessage): Receipt {
  const isAstray = action.kind === 'create' && action.thread !== undefined && message.thread === undefined;
  const text = 'It was posted outside a thread: the message that it replies to is not in this channel any more.';
  return { nativeId: nativeId(message), ...(isAstray ? { degraded: { code: 'thread_missing', message: text } } : {}) };
}
