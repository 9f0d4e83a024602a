import { roomFile, type PersonAction, type RoomMessage, type Segment } from '../kit/rooms.ts';
import type { Decision } from '../kit/simulator.ts';
import {
  missing,
  nextTime,
  react,
  refused,
  type AtItem,
  type Format,
  type Held,
  type SimulatedFile,
  type ZoomEvent,
} from './messages.ts';
import { idOf, keyOf, people, userOf } from './users.ts';

/** GET /users/{userId}. */
export function findUser(named: string): Decision<ZoomEvent> {
  const user = userOf(named);
  if (user === undefined) return refused(1001, `User does not exist: ${named}.`, 404);
  const { id, email, name } = user;
  const [first_name, last_name] = name.split(' ');
  const pic_url = `https://sim.zoom.us/p/${id}`;
  return { answer: { status: 200, body: { id, email, first_name, last_name, display_name: name, pic_url } } };
}

/**
 * Turns an act of a person into the event that their client would cause. `messages` are the messages of the room,
 * oldest first.
 */
export function act(action: PersonAction, messages: readonly Held[], now: Date): Decision<ZoomEvent> {
  const { room: channel } = action;
  const from = idOf(action.user);
  const found = messages.find((one) => one.id === action.id && one.deleted !== true);
  const timestamp = nextTime(messages, now);
  if (action.do === 'say') {
    const parent = messages.find((one) => one.id === action.thread);
    const root = parent?.reply_main_message_id ?? parent?.id;
    const id = `${messages.length}-${timestamp}-SAID`;
    const files = action.file === undefined ? [] : [fileOf(action.file, `F${id}`, action.origin)];
    const thread = root === undefined ? {} : { reply_main_message_id: root };
    const event = { kind: 'sent' as const, channel, id, from, ...typed(action.content), files, ...thread, timestamp };
    return { event, answer: { status: 200, body: { id } } };
  }
  if (found === undefined) return missing(action.id ?? '');
  const change = { channel, id: found.id, from, timestamp };
  const answer = { status: 200, body: { id: found.id } };
  switch (action.do) {
    case 'edit':
      if (found.from !== from) return refused(200, 'Only the sender of this message can make updates.');
      return { event: { kind: 'edited', ...change, ...typed(action.content) }, answer };
    case 'delete':
      return { event: { kind: 'deleted', ...change }, answer };
    default: {
      const user = userOf(from);
      if (user === undefined) return refused(1001, 'User does not exist.', 404);
      const emoji = Array.from(action.emoji ?? '', codePoint).join(' ');
      const params = { action: action.do === 'react' ? 'add' : 'remove', emoji };
      return { ...react({ channel, messages, user, now, uploads: new Map() }, found.id, params), answer };
    }
  }
}

const codePoint = (char: string): string =>
  `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
const charOf = (points: string): string =>
  String.fromCodePoint(...points.split(' ').map((point) => Number.parseInt(point.slice(2), 16)));

/** Returns what a client sends for a message. Zoom has no format for code, so code stays plain text. */
function typed(content: readonly Segment[]): { message: string; rich_text: Format[]; at_items: AtItem[] } {
  let message = '';
  const rich_text: Format[] = [];
  const at_items: AtItem[] = [];
  for (const { text, bold, italic, strike, link, mention } of content) {
    const start_position = message.length;
    if (mention !== undefined) {
      message += `@${mention === 'all' ? 'all' : people[mention].name}`;
      const place = { start_position, end_position: message.length - 1 };
      at_items.push(mention === 'all' ? { at_type: 2, ...place } : { at_contact: idOf(mention), at_type: 1, ...place });
      continue;
    }
    message += text;
    const place = { start_position, end_position: message.length };
    if (bold === true) rich_text.push({ ...place, format_type: 'Bold' });
    if (italic === true) rich_text.push({ ...place, format_type: 'Italic' });
    if (strike === true) rich_text.push({ ...place, format_type: 'Strikethrough' });
    if (link !== undefined) rich_text.push({ ...place, format_type: 'AddLink', format_attr: link });
  }
  return { message, rich_text, at_items };
}

/** @param origin address of the simulators. */
export function fileOf(
  { name, mediaType, base64 }: NonNullable<PersonAction['file']>,
  id: string,
  origin: string,
): SimulatedFile {
  return {
    file_id: id,
    file_name: name,
    file_size: Buffer.from(base64, 'base64').length,
    download_url: `${origin}/zoom/files/${id}`,
    media_type: mediaType,
    base64,
  };
}

export function roomMessage(one: Held): RoomMessage {
  const reactions = Object.entries(one.reactions).map(([points, ids]) => [charOf(points), ids.map(nameOf)]);
  return {
    id: one.id,
    by: nameOf(one.from),
    // Carillon posts as a Zoom user, so nothing distinguishes its posts from a person's.
    isBot: false,
    markup: markup(one),
    thread: one.reply_main_message_id ?? null,
    edited: one.edited === true,
    deleted: one.deleted === true,
    reactions: Object.fromEntries(reactions) as Record<string, string[]>,
    mentions: one.at_items
      .filter(({ start_position: start }) => one.message[start] === '@')
      .map(({ at_type, at_contact = '' }) => (at_type === 2 ? 'all' : (keyOf(at_contact) ?? at_contact))),
    files: one.files.map(({ file_name, media_type, base64 }) => roomFile(file_name, media_type, base64)),
  };
}

const nameOf = (id: string): string => userOf(id)?.name ?? id;

/** Returns the text with its formats in a form for tests, `⟨Bold⟩text⟨/⟩`, because Zoom has no markup. */
function markup({ message, rich_text }: Held): string {
  const marks = rich_text.flatMap(({ start_position: start, end_position: end, format_type, format_attr }) => [
    { at: start, isEnd: false, text: `⟨${format_type}${format_attr === undefined ? '' : ` ${format_attr}`}⟩` },
    { at: end, isEnd: true, text: '⟨/⟩' },
  ]);
  let shown = message;
  for (const { at, text } of marks.sort((a, b) => b.at - a.at || Number(a.isEnd) - Number(b.isEnd)))
    shown = shown.slice(0, at) + text + shown.slice(at);
  return shown;
}
