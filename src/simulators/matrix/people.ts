import { createHash } from 'node:crypto';
import {
  roomFile,
  type PersonAction,
  type PersonKey,
  type RoomFile,
  type RoomMessage,
  type Segment,
} from '../kit/rooms.ts';
import type { Decision } from '../kit/simulator.ts';
import { agreed, nameOf, people, refused } from './calls.ts';
import { newEvent, redactionOf, relation, server, type Held, type MatrixChange, type World } from './rooms.ts';

const idOf = (key: PersonKey): string => `@${key}:${server}`;
const keyOf = (id: string): PersonKey | undefined =>
  (Object.keys(people) as PersonKey[]).find((key) => idOf(key) === id);

/** Turns an act of a person into the event that their client would cause. Each person is in every room. */
export function act(action: PersonAction, world: World, now: Date): Decision<MatrixChange> {
  const { room, id = '', emoji = '' } = action;
  const sender = idOf(action.user);
  const found = world.rooms.get(room)?.find((one) => one.event_id === id && one.unsigned === undefined);
  if (action.do !== 'say' && found === undefined) return refused(404, 'M_NOT_FOUND', 'Event not found.');
  const say = (type: string, content: Record<string, unknown>): Decision<MatrixChange> => {
    const event = newEvent(world, { room_id: room, type, sender, content }, now);
    const { file } = action;
    const media = file && { ...file, id: mediaIdOf(file) };
    return { event: { kind: 'event', event, ...(media && { media }) }, ...agreed({ id: event.event_id }) };
  };
  const redact = (target: string): Decision<MatrixChange> => ({
    event: { kind: 'event', event: newEvent(world, redactionOf(room, target, sender), now) },
    ...agreed({ id: target }),
  });
  switch (action.do) {
    case 'say':
      return say('m.room.message', {
        ...contentOf(action),
        ...(action.thread && threadOf(action.thread, world, room)),
      });
    case 'edit': {
      const content = contentOf(action);
      const fallback = { ...content, body: `* ${String(content['body'])}`, 'm.new_content': content };
      const edit = { ...fallback, 'm.relates_to': { rel_type: 'm.replace', event_id: id } };
      return { ...say('m.room.message', edit), ...agreed({ id }) };
    }
    case 'delete':
      return redact(id);
    case 'react':
      return say('m.reaction', { 'm.relates_to': { rel_type: 'm.annotation', event_id: id, key: emoji } });
    case 'unreact': {
      const reaction = world.rooms
        .get(room)
        ?.find((one) => one.sender === sender && relation(one)['event_id'] === id && relation(one)['key'] === emoji);
      return reaction === undefined ? refused(404, 'M_NOT_FOUND', 'no such reaction') : redact(reaction.event_id);
    }
  }
}

/**
 * Returns the relation of a reply as a client with threads sends it: a reply to a message of a thread goes to the
 * thread's root ("Threading").
 */
function threadOf(id: string, world: World, room: string): object {
  const parent = world.rooms.get(room)?.find((one) => one.event_id === id);
  const root = parent !== undefined && relation(parent)['rel_type'] === 'm.thread' ? relation(parent)['event_id'] : id;
  const fallback = { is_falling_back: true, 'm.in_reply_to': { event_id: id } };
  return { 'm.relates_to': { rel_type: 'm.thread', event_id: root, ...fallback } };
}

function contentOf({ content, file }: PersonAction): Record<string, unknown> {
  const mentioned = content.flatMap(({ mention }) =>
    mention === undefined || mention === 'all' ? [] : [idOf(mention)],
  );
  const isAll = content.some(({ mention }) => mention === 'all');
  const mentions = { ...(mentioned.length > 0 && { user_ids: mentioned }), ...(isAll && { room: true }) };
  const body = content.map(plain).join('');
  if (file !== undefined) {
    const size = Buffer.from(file.base64, 'base64').length;
    const info = { mimetype: file.mediaType, size };
    const msgtype = file.mediaType.startsWith('image/') ? 'm.image' : 'm.file';
    const url = `mxc://${server}/${mediaIdOf(file)}`;
    return { msgtype, body: body || file.name, filename: file.name, info, url };
  }
  const isStyled = content.some((one) => Object.keys(one).length > 1);
  const html = isStyled ? { format: 'org.matrix.custom.html', formatted_body: content.map(markup).join('') } : {};
  return { msgtype: 'm.text', body, ...html, 'm.mentions': mentions };
}

function plain({ text, mention }: Segment): string {
  return mention === undefined ? text : mention === 'all' ? '@room' : people[mention].name;
}

function markup({ text, bold, italic, strike, code, link, mention }: Segment): string {
  if (mention === 'all') return '@room';
  if (mention !== undefined) return `<a href="https://matrix.to/#/${idOf(mention)}">${people[mention].name}</a>`;
  const escape = (raw: string): string =>
    raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  const tags = [bold && 'strong', italic && 'em', strike && 'del', code && 'code'].filter(
    (tag) => typeof tag === 'string',
  );
  const inner = tags.reduce((html, tag) => `<${tag}>${html}</${tag}>`, escape(text));
  return link === undefined ? inner : `<a href="${escape(link)}">${inner}</a>`;
}

/**
 * Returns the messages of a room as a client shows them: an edit by the message's own sender replaces the text, and
 * edits and reactions are no messages of their own.
 */
export function roomMessages(world: World, room: string): RoomMessage[] {
  const all = world.rooms.get(room) ?? [];
  return all
    .filter((one) => one.type === 'm.room.message' && relation(one)['rel_type'] !== 'm.replace')
    .map((one) => {
      const edits = all.filter(
        (other) =>
          relation(other)['rel_type'] === 'm.replace' &&
          relation(other)['event_id'] === one.event_id &&
          other.sender === one.sender,
      );
      return roomMessage(one, edits.at(-1), all, world);
    });
}

function roomMessage(one: Held, edit: Held | undefined, all: readonly Held[], world: World): RoomMessage {
  const isGone = one.unsigned !== undefined;
  const content = ((isGone ? undefined : edit?.content['m.new_content']) ?? one.content) as Record<string, unknown>;
  const reply = relation(one)['m.in_reply_to'] as { event_id?: string } | undefined;
  const root = relation(one)['rel_type'] === 'm.thread' ? relation(one)['event_id'] : reply?.event_id;
  const reactions: Record<string, string[]> = {};
  for (const other of all) {
    if (other.type !== 'm.reaction' || relation(other)['event_id'] !== one.event_id) continue;
    (reactions[String(relation(other)['key'])] ??= []).push(nameOf(world, other.sender) ?? other.sender);
  }
  return {
    id: one.event_id,
    by: nameOf(world, one.sender) ?? one.sender,
    isBot: keyOf(one.sender) === undefined,
    markup: textOf(content['formatted_body'] ?? content['body']),
    thread: typeof root === 'string' ? root : null,
    edited: edit !== undefined,
    deleted: isGone,
    reactions,
    mentions: notified(content),
    files: filesOf(content, world),
  };
}

/**
 * Returns the file of a message. A file that was not uploaded to this server is left out, because a client could not
 * load it.
 */
function filesOf({ msgtype, url, filename, body }: Record<string, unknown>, world: World): RoomFile[] {
  const media = world.media.get(textOf(url).split('/').at(-1) ?? '');
  if (media === undefined || msgtype === 'm.text') return [];
  return [roomFile(textOf(filename ?? body), media.mediaType, media.base64)];
}

function mediaIdOf({ base64 }: { readonly base64: string }): string {
  return createHash('sha256').update(base64).digest('base64url').slice(0, 24);
}

/**
 * Returns the people whom a client notifies: those in `m.mentions` if the event has it, otherwise those whose name is
 * in the plain text ("User and room mentions").
 */
function notified(content: Record<string, unknown>): string[] {
  const mentions = content['m.mentions'] as { user_ids?: string[]; room?: boolean } | undefined;
  const body = textOf(content['body']);
  if (mentions === undefined) {
    const named = (Object.keys(people) as PersonKey[]).filter((key) => body.includes(people[key].name));
    return [...named, ...(/@room\b/.test(body) ? ['all'] : [])];
  }
  return [...(mentions.user_ids ?? []).map((id) => keyOf(id) ?? id), ...(mentions.room === true ? ['all'] : [])];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
