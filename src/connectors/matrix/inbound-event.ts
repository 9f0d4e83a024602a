import type { InboundEvent, InboundFile } from '../../domain/inbound.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import { at, textAt } from '../http/json-path.ts';
import type { HookEvent } from '../contract/inbound.ts';
import type { HookConnection } from '../contract/context.ts';
import { writeMarkdown } from '../text/markdown.ts';
import { readFiles } from './files.ts';
import { nativeId } from './native-id.ts';
import { isMarked, isOurUser } from './mark.ts';
import { readContent } from './text/read.ts';
import { emojiOf } from './reactions.ts';

const ignored = (code: ReasonCode): HookEvent => ({ ignored: code });
const unreadable = ignored('unreadable_event');

/** The parts that every event has (client-server API, "Client event format"). */
interface Head {
  readonly event: unknown;
  readonly room: string;
  readonly id: string;
  readonly sender: string;
  readonly at: string;
}

/** Reads one event of a transaction. Never throws; an event that cannot be read is ignored. */
export function readEvent(event: unknown, connection: HookConnection): HookEvent {
  const type = textAt(event, 'type');
  if (type !== 'm.room.message' && type !== 'm.reaction' && type !== 'm.room.redaction')
    return ignored(type === 'm.room.encrypted' ? 'encrypted' : 'unsupported_event');
  // A state event of this type is not a message.
  if (at(event, 'state_key') !== undefined) return ignored('unsupported_event');
  const head = readHead(event);
  if (head === undefined) return unreadable;
  if (isOurUser(head.sender, connection.settings) || isMarked(event)) return ignored('own_post');
  if (type === 'm.reaction') return readReaction(head);
  return type === 'm.room.redaction' ? readRedaction(head) : readMessage(head, connection);
}

function readHead(event: unknown): Head | undefined {
  const [room, id, sender] = [idAt(event, '!', 'room_id'), idAt(event, '$', 'event_id'), idAt(event, '@', 'sender')];
  if (room === undefined || id === undefined || sender === undefined) return undefined;
  return { event, room, id, sender, at: timeOf(at(event, 'origin_server_ts')) };
}

/** Reads an id, which has at most 255 bytes and no white space (client-server API appendices, "Identifier grammar"). */
function idAt(value: unknown, sigil: '!' | '$' | '@', ...keys: readonly string[]): string | undefined {
  const id = textAt(value, ...keys);
  return id !== undefined && id.length <= 255 && id.startsWith(sigil) && /^\S{2,}$/.test(id) ? id : undefined;
}

/** Converts milliseconds, by the clock of the sender's homeserver, to ISO 8601. */
function timeOf(milliseconds: unknown): string {
  const time = new Date(typeof milliseconds === 'number' ? milliseconds : 0);
  return (Number.isNaN(time.getTime()) || time.getUTCFullYear() > 9_999 ? new Date(0) : time).toISOString();
}

function readMessage(head: Head, connection: HookConnection): HookEvent {
  const content = at(head.event, 'content');
  if (textAt(content, 'm.relates_to', 'rel_type') === 'm.replace') return readEdit(head, connection);
  const said = readSaid(content, connection);
  if ('ignored' in said) return said;
  const thread = threadOf(content);
  const replied = thread ?? idAt(content, '$', 'm.relates_to', 'm.in_reply_to', 'event_id');
  const { room, id, sender } = head;
  return {
    event: {
      key: `created:${id}`,
      kind: 'created',
      room,
      nativeId: nativeId({ room, event: id, sender, ...(thread === undefined ? {} : { thread }) }),
      ...(replied === undefined ? {} : { thread: nativeId({ room, event: replied }) }),
      at: head.at,
      sender: { id: sender },
      ...said,
    },
  };
}

function threadOf(content: unknown): string | undefined {
  if (textAt(content, 'm.relates_to', 'rel_type') !== 'm.thread') return undefined;
  return idAt(content, '$', 'm.relates_to', 'event_id');
}

/**
 * Reads an edit. The homeserver passes on edits of a message by any user, but only those by its sender are valid
 * (client-server API, "Validity of replacement events"). So the edit is incomplete until `checkEdit` has fetched the
 * original and compared the senders.
 */
function readEdit(head: Head, connection: HookConnection): HookEvent {
  const content = at(head.event, 'content');
  const { room, id, sender } = head;
  const original = idAt(content, '$', 'm.relates_to', 'event_id');
  if (original === undefined || at(content, 'm.new_content') === undefined) return unreadable;
  const said = readSaid(at(content, 'm.new_content'), connection);
  if ('ignored' in said) return said;
  const time = at(head.event, 'origin_server_ts');
  const stamp = typeof time === 'number' && time >= 0 ? String(Math.floor(time)) : '0';
  return {
    event: {
      key: `edited:${id}`,
      kind: 'edited',
      room,
      nativeId: nativeId({ room, event: original, sender }),
      at: head.at,
      // The newest edit counts, and of two with the same time the one with the greater id ("Applying m.new_content").
      revision: `${stamp.padStart(16, '0')} ${id}`,
      sender: { id: sender },
      ...said,
      isIncomplete: true,
    },
  };
}

type Said = Pick<InboundEvent, 'text' | 'files'>;

function readSaid(content: unknown, { id, settings }: HookConnection): Said | { readonly ignored: ReasonCode } {
  switch (textAt(content, 'msgtype')) {
    case 'm.text':
    case 'm.emote':
    case 'm.location':
      return { text: writeMarkdown(readContent(content, id)) };
    // By convention, bots send notices, and bots do not answer them ("m.notice").
    case 'm.notice':
      return { ignored: 'bot_post' };
    case 'm.image':
    case 'm.file':
    case 'm.audio':
    case 'm.video':
      return readFileMessage(content, id, readFiles(content, settings));
    default:
      return { ignored: 'unsupported_event' };
  }
}

/** The body is a caption if it is not the file's name ("Media captions"). */
function readFileMessage(content: unknown, connection: string, files: readonly InboundFile[]): Said {
  const name = textAt(content, 'filename');
  const isCaptioned = name !== undefined && name !== textAt(content, 'body');
  return {
    text: isCaptioned ? writeMarkdown(readContent(content, connection)) : '',
    ...(files.length > 0 && { files }),
  };
}

function readReaction({ event, room, id, sender, at: time }: Head): HookEvent {
  const target = idAt(event, '$', 'content', 'm.relates_to', 'event_id');
  const key = textAt(event, 'content', 'm.relates_to', 'key');
  if (target === undefined || key === undefined) return unreadable;
  const emoji = emojiOf(key);
  if (emoji === undefined) return ignored('unsupported_emoji');
  return {
    event: {
      key: `reacted:${id}`,
      kind: 'reacted',
      room,
      nativeId: nativeId({ room, event: target }),
      at: time,
      sender: { id: sender },
      emoji,
      // A reaction is removed by redacting this event, and the redaction does not say which reaction it was.
      reaction: nativeId({ room, event: id }),
    },
  };
}

/** Since room version 11, the redacted event's id is in the content; before, it was next to it ("m.room.redaction"). */
function readRedaction({ event, room, id, sender, at: time }: Head): HookEvent {
  const target = idAt(event, '$', 'content', 'redacts') ?? idAt(event, '$', 'redacts');
  if (target === undefined) return unreadable;
  const native = nativeId({ room, event: target });
  return { event: { key: `deleted:${id}`, kind: 'deleted', room, nativeId: native, at: time, sender: { id: sender } } };
}
