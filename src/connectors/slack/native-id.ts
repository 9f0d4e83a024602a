import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing, Receipt } from '../contract/connector.ts';
import { readText } from '../contract/fields.ts';
import { slackAddress } from './settings.ts';

/** A message of Slack is known by channel and ts together; a ts alone is unique in its channel only. */
export interface SlackMessage {
  readonly channel: string;
  readonly ts: string;
  /** The ts of its thread's root; absent where the message is itself a root, or stands alone. */
  readonly thread?: string;
}

/** `<channel>:<ts>`, and for a reply `<channel>:<ts>:<ts of its thread's root>`. */
export function nativeId({ channel, ts, thread }: SlackMessage): string {
  return thread === undefined || thread === ts ? `${channel}:${ts}` : `${channel}:${ts}:${thread}`;
}

/**
 * Reads what `nativeId` wrote.
 * @throws SendFailure permanent `invalid_native_id`, also for null: without an id Slack knows no message.
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
 * Where a new post goes: always into the destination's channel. Into a thread where it replies to something there; what
 * replies to a reply goes to that one's root, since Slack's threads have no branches. A root in another channel, from
 * before the destination was moved, has no thread here.
 */
export function placeOf({ action, destination }: Outgoing): Omit<SlackMessage, 'ts'> {
  const channel = readText(slackAddress, destination.address, 'channel');
  if (action.kind !== 'create' || action.thread === undefined) return { channel };
  const parent = parseNativeId(action.thread.nativeId);
  return parent.channel === channel ? { channel, thread: parent.thread ?? parent.ts } : { channel };
}

/** The receipt of a new post that stands there; it says so where a reply stands outside of its thread. */
export function receiptOf({ action }: Outgoing, message: SlackMessage): Receipt {
  const isAstray = action.kind === 'create' && action.thread !== undefined && message.thread === undefined;
  const text = 'It stands by itself: the message that it replies to is not in this channel any more.';
  return { nativeId: nativeId(message), ...(isAstray ? { degraded: { code: 'thread_missing', message: text } } : {}) };
}
