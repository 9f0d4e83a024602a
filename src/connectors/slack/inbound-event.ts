import type { ConnectionId } from '../../domain/ids.ts';
import type { InboundEvent } from '../../domain/inbound.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import { at, listAt, textAt } from '../http/json-path.ts';
import type { HookEvent } from '../contract/inbound.ts';
import { writeMarkdown } from '../text/markdown.ts';
import { unicodeOf } from '../text/emoji.ts';
import { readFile } from './files.ts';
import { isMarked } from './mark.ts';
import { nativeId } from './native-id.ts';
import { readMessage } from './text/read.ts';

type Json = Readonly<Record<string, unknown>>;

const ignored = (code: ReasonCode): HookEvent => ({ ignored: code });

/**
 * Reads one envelope of the Events API (docs.slack.dev, "Events API", and the pages of `message` and `reaction_added`).
 * @returns a string that says what is missing if the event lacks a part that every event of its type has.
 */
export function readEvent(envelope: Json, connection: ConnectionId): HookEvent | string {
  const event = at(envelope, 'event');
  const app = textAt(envelope, 'api_app_id');
  switch (textAt(event, 'type')) {
    // Slack also sends a mention as a message, with another event id. Both give the same key, so the first one counts.
    case 'message':
    case 'app_mention':
      return readMessageEvent(event, connection, app);
    case 'reaction_added':
    case 'reaction_removed':
      return readReaction(envelope, event);
    default:
      return ignored('unsupported_event');
  }
}

function readMessageEvent(event: unknown, connection: ConnectionId, app: string | undefined): HookEvent | string {
  const channel = textAt(event, 'channel');
  if (channel === undefined) return 'the message names no channel';
  switch (textAt(event, 'subtype')) {
    case undefined:
    case 'file_share':
    case 'thread_broadcast':
    case 'me_message':
    case 'bot_message':
      return readCreated(event, channel, connection, app);
    case 'message_changed':
      return readEdited(event, channel, connection, app);
    case 'message_deleted': {
      const ts = textAt(event, 'deleted_ts');
      if (ts === undefined) return 'the deletion names no message';
      const native = nativeId({ channel, ts, ...threadOf(at(event, 'previous_message')) });
      const key = `deleted:${channel}:${ts}`;
      return {
        event: { key, kind: 'deleted', room: channel, nativeId: native, at: timeOf(textAt(event, 'ts') ?? ts) },
      };
    }
    // Joins, topics, pins and the like concern the channel and are not said by anyone.
    default:
      return ignored('unsupported_event');
  }
}

function readCreated(
  message: unknown,
  channel: string,
  connection: ConnectionId,
  app: string | undefined,
): HookEvent | string {
  const ts = textAt(message, 'ts');
  if (ts === undefined) return 'the message has no ts';
  const not = notSaidByAPerson(message, app);
  if (not !== undefined) return ignored(not);
  const id = { channel, ts, ...threadOf(message) };
  return {
    event: {
      key: `created:${channel}:${ts}`,
      kind: 'created',
      room: channel,
      nativeId: nativeId(id),
      ...(id.thread === undefined ? {} : { thread: nativeId({ channel, ts: id.thread }) }),
      at: timeOf(ts),
      ...contentOf(message, connection),
    },
  };
}

/**
 * Slack also reports link previews and new replies as changes. Only an edit by a person has a new value in `edited`.
 */
function readEdited(
  event: unknown,
  channel: string,
  connection: ConnectionId,
  app: string | undefined,
): HookEvent | string {
  const message = at(event, 'message');
  const ts = textAt(message, 'ts');
  if (ts === undefined) return 'the edit names no message';
  const not = notSaidByAPerson(message, app);
  if (not !== undefined) return ignored(not);
  const edited = textAt(message, 'edited', 'ts');
  if (edited === undefined || edited === textAt(event, 'previous_message', 'edited', 'ts')) return ignored('no_edit');
  return {
    event: {
      key: `edited:${channel}:${ts}:${edited}`,
      kind: 'edited',
      room: channel,
      nativeId: nativeId({ channel, ts, ...threadOf(message) }),
      at: timeOf(edited),
      revision: edited.padStart(24, '0'),
      ...contentOf(message, connection),
    },
  };
}

function readReaction(envelope: Json, event: unknown): HookEvent | string {
  const [channel, ts] = [textAt(event, 'item', 'channel'), textAt(event, 'item', 'ts')];
  if (textAt(event, 'item', 'type') !== 'message') return ignored('unsupported_event');
  const [name, user, id] = [textAt(event, 'reaction'), textAt(event, 'user'), textAt(envelope, 'event_id')];
  if (channel === undefined || ts === undefined || name === undefined || user === undefined || id === undefined)
    return 'the reaction names no message, emoji, person or event';
  // A reaction by our own bot comes back to us. Its user is then among those for whom the event was authorized.
  if (listAt(envelope, 'authorizations').some((one) => at(one, 'is_bot') === true && textAt(one, 'user_id') === user))
    return ignored('own_post');
  return {
    event: {
      key: `reaction:${id}`,
      kind: textAt(event, 'type') === 'reaction_added' ? 'reacted' : 'unreacted',
      room: channel,
      nativeId: nativeId({ channel, ts }),
      at: timeOf(textAt(event, 'event_ts') ?? ts),
      sender: { id: user },
      emoji: unicodeOf(name),
    },
  };
}

/**
 * Why a message is not bridged: it is our own post, a copy that some Carillon made, or a bot's post. Two bots that
 * answer each other would never stop.
 */
function notSaidByAPerson(message: unknown, app: string | undefined): ReasonCode | undefined {
  if (isMarked(message)) return 'own_post';
  if (app !== undefined && textAt(message, 'app_id') === app) return 'own_post';
  return textAt(message, 'bot_id') === undefined ? undefined : 'bot_post';
}

function threadOf(message: unknown): { thread?: string } {
  const [ts, thread] = [textAt(message, 'ts'), textAt(message, 'thread_ts')];
  return thread === undefined || thread === ts ? {} : { thread };
}

function contentOf(message: unknown, connection: ConnectionId): Pick<InboundEvent, 'text' | 'files' | 'sender'> {
  const files = listAt(message, 'files').flatMap(readFile);
  const user = textAt(message, 'user');
  return {
    text: writeMarkdown(readMessage(message, connection)),
    ...(files.length === 0 ? {} : { files }),
    ...(user === undefined ? {} : { sender: { id: user } }),
  };
}

/** Converts a ts, which is seconds with a counter after the point, to ISO 8601. */
function timeOf(ts: string): string {
  const seconds = Number(ts);
  return new Date(Number.isFinite(seconds) ? seconds * 1_000 : 0).toISOString();
}
