import { randomUUID } from 'node:crypto';
import type { Decision } from '../kit/simulator.ts';
import { userOf, type User } from './users.ts';

/**
 * Positions in the text. `end_position` of a format is the position after its last character; of a mention it is the
 * position of its last character.
 */
export interface Range {
  readonly start_position: number;
  readonly end_position: number;
}
export interface Format extends Range {
  readonly format_type: string;
  readonly format_attr?: string;
}
export interface AtItem extends Range {
  readonly at_contact?: string;
  readonly at_type: number;
}
export interface SimulatedFile {
  readonly file_id: string;
  readonly file_name: string;
  readonly file_size: number;
  readonly download_url: string;
  readonly media_type: string;
  readonly base64: string;
}

/** A message as it was sent. */
export interface Sent {
  readonly kind: 'sent';
  readonly channel: string;
  readonly id: string;
  /** Id of the user who sent it. */
  readonly from: string;
  readonly message: string;
  readonly rich_text: readonly Format[];
  /** `at_contact` is the user's id, as the platform returns it. */
  readonly at_items: readonly AtItem[];
  readonly files: readonly SimulatedFile[];
  readonly reply_main_message_id?: string;
  /** In milliseconds since 1970. */
  readonly timestamp: number;
}
interface Change {
  readonly channel: string;
  readonly id: string;
  readonly from: string;
  readonly timestamp: number;
}
export interface Edited extends Change, Pick<Sent, 'message' | 'rich_text' | 'at_items'> {
  readonly kind: 'edited';
}
export interface Deleted extends Change {
  readonly kind: 'deleted';
}
export interface Reacted extends Change {
  readonly kind: 'reacted' | 'unreacted';
  /** Code points in the form `U+…`, separated by spaces. */
  readonly emoji: string;
}
/** A file that was uploaded. Messages can name it. */
export interface Uploaded {
  readonly kind: 'uploaded';
  readonly file: SimulatedFile;
}
/** A change of a message as the journal holds it. */
export type ZoomEvent = Sent | Edited | Deleted | Reacted;

/**
 * The present form of a message. A deleted message stays listed, so that a test can tell it from one that never came.
 */
export interface Held extends Omit<Sent, 'kind'> {
  /** The text before any edit. */
  readonly original: string;
  readonly edited?: true;
  readonly deleted?: true;
  /** For each emoji, the ids of the users who added it. */
  readonly reactions: Readonly<Record<string, readonly string[]>>;
}
export type Params = Readonly<Record<string, unknown>>;

/**
 * The longest `message` of Send a chat message: its `maxLength` counts characters as JSON Schema does, in code points.
 */
const maxText = 1_024;
const formatTypes =
  'Bold Italic Strikethrough BulletedList NumberedList Underline FontSize FontColor BackgroundColor LeftIndent Paragraph Quote AddLink'.split(
    ' ',
  );

/** An error `{code, message}`, with the statuses that the pages of Send, Update, Delete and React name. */
export function refused(code: number, message: string, status = 400): Decision<ZoomEvent> {
  return { answer: { status, body: { code, message } } };
}
export const missing = (id: string): Decision<ZoomEvent> => refused(300, `Message does not exist: ${id}.`);

/** Applies an event to the messages of its channel, which are oldest first. */
export function apply(messages: Held[], event: ZoomEvent): void {
  if (event.kind === 'sent') {
    const { kind: _, ...sent } = event;
    messages.push({ ...sent, original: sent.message, reactions: {} });
    return;
  }
  const index = messages.findIndex(({ id }) => id === event.id);
  const found = messages[index];
  if (found === undefined) return;
  messages[index] = { ...found, ...changeOf(found, event) };
}

function changeOf(found: Held, event: Exclude<ZoomEvent, Sent>): Partial<Held> {
  switch (event.kind) {
    case 'edited':
      return { message: event.message, rich_text: event.rich_text, at_items: event.at_items, edited: true };
    case 'deleted':
      return { deleted: true };
    default: {
      const others = (found.reactions[event.emoji] ?? []).filter((user) => user !== event.from);
      const users = event.kind === 'reacted' ? [...others, event.from] : others;
      const { [event.emoji]: _, ...rest } = found.reactions;
      return { reactions: users.length === 0 ? rest : { ...rest, [event.emoji]: users } };
    }
  }
}

export interface Place {
  readonly channel: string;
  readonly messages: readonly Held[];
  readonly user: User;
  readonly now: Date;
  /** Uploaded files, which messages may name. */
  readonly uploads: ReadonlyMap<string, SimulatedFile>;
}

/** POST …/messages (Send a chat message). */
export function post({ channel, messages, user, now, uploads }: Place, params: Params): Decision<ZoomEvent> {
  const {
    message,
    reply_main_message_id: root,
    rich_text: formats = [],
    at_items: items = [],
    file_ids: ids = [],
  } = params;
  if (typeof message !== 'string' || message === '') return refused(300, 'Invalid parameter: message.');
  if (Array.from(message).length > maxText) return refused(300, 'Invalid parameter: message. It is too long.');
  if (!areFormats(formats, message)) return refused(300, 'Invalid parameter: rich_text.');
  if (!areRanges(items, message, 0)) return refused(300, 'Invalid parameter: at_items.');
  if (root !== undefined && typeof root !== 'string') return refused(300, 'Invalid parameter: reply_main_message_id.');
  if (root !== undefined) {
    const main = messages.find(({ id, deleted }) => id === root && deleted !== true);
    if (main === undefined) return refused(4131, `Message does not exist: ${root}.`);
    if (main.reply_main_message_id !== undefined) return refused(5402, 'This only supports replies to a main message.');
  }
  // A message takes at most six files (developers.zoom.us, Send a chat message).
  if (!Array.isArray(ids) || ids.length > 6) return refused(300, 'Invalid parameter: file_ids.');
  const files = (ids as string[]).flatMap((id) => uploads.get(id) ?? []);
  if (files.length < ids.length) return refused(5403, 'The file does not exist.');
  const event: Sent = {
    kind: 'sent',
    channel,
    id: randomUUID().toUpperCase(),
    from: user.id,
    message,
    rich_text: formats,
    at_items: (items as readonly AtItem[]).flatMap(toHeld),
    files,
    ...(root === undefined ? {} : { reply_main_message_id: root }),
    timestamp: nextTime(messages, now),
  };
  return { event, answer: { status: 201, body: { id: event.id } } };
}

/**
 * Returns a mention with the user's id. A person who is named by anything but an e-mail address or a member id is not
 * mentioned.
 */
function toHeld(item: AtItem): AtItem[] {
  if (item.at_type === 2) return [item];
  const contact = userOf(item.at_contact ?? '');
  return contact === undefined || item.at_contact === contact.id ? [] : [{ ...item, at_contact: contact.id }];
}

/** PUT …/messages/{id}: sets the text alone. The formats and mentions of the text before are lost. */
export function update({ channel, messages, user, now }: Place, id: string, params: Params): Decision<ZoomEvent> {
  const { message } = params;
  const found = messages.find((one) => one.id === id && one.deleted !== true);
  if (found === undefined) return missing(id);
  if (found.from !== user.id) return refused(200, 'Only the sender of this message can make updates.');
  if (typeof message !== 'string' || message === '') return refused(300, 'Invalid parameter: message.');
  if (Array.from(message).length > maxText) return refused(300, 'Invalid parameter: message. It is too long.');
  const change = { channel, id, from: user.id, timestamp: nextTime(messages, now) };
  return { event: { kind: 'edited', ...change, message, rich_text: [], at_items: [] }, answer: { status: 204 } };
}

/** DELETE …/messages/{id}. */
export function remove({ channel, messages, user, now }: Place, id: string): Decision<ZoomEvent> {
  const found = messages.find((one) => one.id === id && one.deleted !== true);
  if (found === undefined) return missing(id);
  if (found.from !== user.id) return refused(200, 'Only the sender of this message can make updates.');
  const change = { channel, id, from: user.id, timestamp: nextTime(messages, now) };
  return { event: { kind: 'deleted', ...change }, answer: { status: 204 } };
}

/** PATCH …/messages/{id}/emoji_reactions. A change that was already made is agreed to and causes no event. */
export function react({ channel, messages, user, now }: Place, id: string, params: Params): Decision<ZoomEvent> {
  const { action, emoji } = params;
  const found = messages.find((one) => one.id === id && one.deleted !== true);
  if (found === undefined) return missing(id);
  if (typeof emoji !== 'string' || !/^U\+[0-9A-F]{4,6}(?: U\+[0-9A-F]{4,6})*$/.test(emoji))
    return refused(300, 'Invalid parameter: emoji.');
  if (action !== 'add' && action !== 'remove') return refused(300, 'Invalid parameter: action.');
  const isThere = found.reactions[emoji]?.includes(user.id) === true;
  if (isThere === (action === 'add')) return { answer: { status: 204 } };
  const kind = action === 'add' ? ('reacted' as const) : ('unreacted' as const);
  const change = { channel, id, from: user.id, timestamp: nextTime(messages, now) };
  return { event: { kind, ...change, emoji }, answer: { status: 204 } };
}

export function nextTime(messages: readonly Held[], now: Date): number {
  return Math.max(now.getTime(), (messages.at(-1)?.timestamp ?? 0) + 1);
}

function areRanges(value: unknown, message: string, least: 0 | 1): value is readonly Range[] {
  const isInside = ({ start_position: start, end_position: end }: Range): boolean =>
    Number.isInteger(start) && Number.isInteger(end) && start >= 0 && end >= start + least && end <= message.length;
  return Array.isArray(value) && (value as Range[]).every(isInside);
}

/** Whether the formats are allowed. `AddLink` takes web addresses, and "can not cross multi lines". */
function areFormats(value: unknown, message: string): value is readonly Format[] {
  if (!areRanges(value, message, 1)) return false;
  return (value as readonly Format[]).every(({ format_type: type, format_attr: attribute, ...range }) => {
    if (!formatTypes.includes(type)) return false;
    const text = message.slice(range.start_position, range.end_position);
    if (type === 'AddLink') return /^https?:\/\//.test(attribute ?? '') && !text.includes('\n');
    return type !== 'Paragraph' || /^h[123]$/.test(attribute ?? '');
  });
}
