import type { InboundEvent, InboundSender } from '../../domain/inbound.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import { writeMarkdown } from '../text/markdown.ts';
import { at, listAt, textAt } from '../http/json-path.ts';
import type { HookEvent } from '../contract/inbound.ts';
import type { HookConnection } from '../contract/context.ts';
import { fromZoomEmoji } from './text/emoji.ts';
import { isMarked } from '../text/invisible-mark.ts';
import { readFile } from './files.ts';
import { nativeId } from './native-id.ts';
import { readMessage } from './text/read.ts';
import { isOurUser } from './settings.ts';

const kinds = {
  'team_chat.channel_message_posted': 'created',
  'team_chat.channel_message_updated': 'edited',
  'team_chat.channel_message_deleted': 'deleted',
  'team_chat.channel_reaction_added': 'reacted',
  'team_chat.channel_reaction_removed': 'unreacted',
} as const;

/**
 * The keys of creation and deletion. Each happens once to a message, so a live event and the history give the same key.
 */
export const createdKey = (channel: string, id: string): string => `created:${channel}:${id}`;
export const deletedKey = (channel: string, id: string): string => `deleted:${channel}:${id}`;

/**
 * Reads one event of Team Chat (developers.zoom.us, "Team Chat Webhooks").
 * @returns a string that says what is missing if the event lacks a part that every such event has.
 */
export function readEvent(name: string, body: unknown, connection: HookConnection): HookEvent | string {
  const kind = kinds[name as keyof typeof kinds];
  if (kind === undefined) return { ignored: reasonFor(name) };
  const payload = at(body, 'payload');
  const object = at(payload, 'object');
  const eventTime = at(body, 'event_ts');
  const [channel, id] = [textAt(object, 'channel_id'), textAt(object, 'message_id') ?? textAt(object, 'msg_id')];
  if (channel === undefined || id === undefined || !Number.isSafeInteger(eventTime))
    return 'the event names no channel, no message or no time';
  // This includes deletions: if we deleted our own post, that was because of a deletion elsewhere, which must not be
  // passed on again.
  if (isOurUser(connection.settings, textAt(payload, 'operator'), textAt(payload, 'operator_id')))
    return { ignored: 'own_post' };
  if (isMarked(textAt(object, 'message') ?? '')) return { ignored: 'own_post' };
  const time = eventTime as number;
  const sender = senderOf(payload);
  const thread = textAt(object, 'reply_main_message_id');
  const event: InboundEvent = {
    // Events have no id, and it is not documented whether `x-zm-request-id` stays the same. The kind, the message and
    // the time are the same in every redelivery.
    key: `${kind}:${channel}:${id}:${time}`,
    kind,
    room: channel,
    nativeId: nativeId({ channel, id, ...(thread === undefined ? {} : { thread }) }),
    at: timeOf(kind === 'created' ? (at(object, 'timestamp') ?? time) : time),
    ...(sender === undefined ? {} : { sender }),
  };
  switch (kind) {
    case 'created': {
      const root = thread === undefined ? {} : { thread: nativeId({ channel, id: thread }) };
      return { event: { ...event, key: createdKey(channel, id), ...root, ...contentOf(object, connection) } };
    }
    case 'edited':
      return { event: { ...event, revision: String(time).padStart(16, '0'), ...contentOf(object, connection) } };
    case 'deleted':
      return { event: { ...event, key: deletedKey(channel, id) } };
    default: {
      const emoji = fromZoomEmoji(textAt(object, 'emoji') ?? '');
      if (emoji === undefined || sender === undefined) return 'the reaction names no emoji or nobody';
      // Two people may react in the same millisecond.
      return { event: { ...event, key: `${event.key}:${sender.id}:${emoji}`, emoji } };
    }
  }
}

function reasonFor(name: string): ReasonCode {
  // A conversation of two people has no room that a bridge could name.
  if (/^team_chat\.dm_(?:message|reaction)_/.test(name)) return 'direct_message';
  // The older events report the same things a second time if an app subscribes to both.
  if (name.startsWith('chat_message.')) return 'legacy_event';
  // The message with which the file came also names it.
  if (name.startsWith('team_chat.file_')) return 'file_event';
  return 'unsupported_event';
}

/**
 * Reads the person who caused the event. For people of other accounts Zoom sends only a member id and leaves
 * `operator_id` and `operator` empty.
 */
function senderOf(payload: unknown): InboundSender | undefined {
  const id = textAt(payload, 'operator_id') ?? textAt(payload, 'operator_member_id') ?? textAt(payload, 'operator');
  if (id === undefined) return undefined;
  const email = textAt(payload, 'operator');
  return { id, ...(email === undefined ? {} : { email }) };
}

/**
 * The text and files of a message. An event does not say whom it mentions or where a file is, so an event that may have
 * either is completed later (`fetch.ts`). Its own content is kept in case we may not read the message.
 */
export function contentOf(
  message: unknown,
  connection: HookConnection,
): Pick<InboundEvent, 'text' | 'files' | 'isIncomplete'> {
  const files = listAt(message, 'files').flatMap(readFile);
  const mayHaveMore = files.length > 0 || (textAt(message, 'message') ?? '').includes('@');
  return {
    text: writeMarkdown(readMessage(message, connection.id)),
    ...(files.length === 0 ? {} : { files }),
    ...(mayHaveMore ? { isIncomplete: true } : {}),
  };
}

/** Converts milliseconds since 1970 to ISO 8601. */
function timeOf(ms: unknown): string {
  const date = new Date(typeof ms === 'number' ? ms : 0);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}
