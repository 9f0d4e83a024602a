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
 * One envelope of the Events API (docs.slack.dev, "Events API", and the pages of `message` and `reaction_added`).
 * @returns a text where a part that every such event has is missing.
 */
export function readEvent(envelope: Json, connection: ConnectionId): HookEvent | string {
  const event = at(envelope, 'event');
  const app = textAt(envelope, 'api_app_id');
  switch (textAt(event, 'type')) {
    // A mention comes as a message too, under another event id; whichever is first counts.
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
    // Joins, topics, pins and the like are of the channel, not said in it.
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

/** Unfurled links and counted replies come as changes too: only what a person changed has `edited`, anew. */
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
  // A bot's own reaction comes back with its user among those that the event was authorized for.
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
 * Why a message is not bridged: our own post come back, a copy that some Carillon made of what was said elsewhere, or a
 * bot's. Two bots that answer each other would never end.
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

/** A ts is seconds with a counter behind them. */
function timeOf(ts: string): string {
  const seconds = Number(ts);
  return new Date(Number.isFinite(seconds) ? seconds * 1_000 : 0).toISOString();
}
