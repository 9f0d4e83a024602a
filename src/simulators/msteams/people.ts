import { peopleOn, roomFile, type PersonAction, type PersonKey, type RoomMessage, type Segment } from '../kit/rooms.ts';
import type { Decision } from '../kit/simulator.ts';
import { refused, type Entity, type Held, type TeamsEvent } from './posts.ts';

const people = peopleOn('msteams');

const keys = Object.keys(people) as PersonKey[];
/** Emoji of the reactions that have a name of their own (bot-docs, "MessageReaction"). */
const types: Readonly<Record<string, string>> = { '👍': 'like', '❤️': 'heart', '😆': 'laugh', '😮': 'surprised' };

/**
 * The Bot Framework's id of a person: `29:` and letters, different for each bot (msteams-docs, "Get Teams specific
 * context").
 */
export function idOf(key: PersonKey): string {
  return `29:1${key}-sim`;
}

/** The id of the same person in the directory, which is the same for all bots. */
export function aadOf(id: string): string {
  return `aad-${keys.find((one) => idOf(one) === id) ?? 'nobody'}`;
}

export function nameOf(id: string | undefined): string {
  const key = keys.find((one) => idOf(one) === id);
  return key === undefined ? 'Carillon' : people[key].name;
}

/** The members of every conversation (bot-docs, "API reference", TeamsChannelAccount). */
export function members(): object[] {
  return keys.map((key) => ({
    id: idOf(key),
    name: people[key].name,
    email: people[key].email,
    userPrincipalName: people[key].email,
    aadObjectId: aadOf(idOf(key)),
  }));
}

/**
 * An address that opens a file without a token, as SharePoint gives it out for a limited time (msteams-docs, "Send and
 * receive files").
 */
export const downloadUrl = (origin: string, id: string): string => `${origin}/msteams/files/${id}?tempauth=sim`;

/**
 * Turns an act of a person into the event that their client would cause. `posts` are the messages of the room, oldest
 * first.
 */
export function act(action: PersonAction, posts: readonly Held[], id: string, now: Date): Decision<TeamsEvent> {
  const { room: conversation } = action;
  const user = idOf(action.user);
  const found = posts.find((one) => one.id === action.id && one.deleted !== true);
  if (action.do !== 'say' && found === undefined) return refused(404, 'ActivityNotFoundInConversation');
  const target = found?.id ?? '';
  const at = now.toISOString();
  const agreed = { answer: { status: 200, body: { id: target } } };
  switch (action.do) {
    case 'say': {
      const root = posts.find((one) => one.id === action.thread);
      // Only channels have threads.
      const thread = conversation.endsWith('@thread.v2') ? {} : { root: root?.root ?? root?.id ?? id };
      const said = contentOf(action.content);
      const file = action.file === undefined ? {} : { file: { ...action.file, url: downloadUrl(action.origin, id) } };
      const event = { kind: 'post' as const, conversation, id, user, ...thread, ...said, ...file };
      return { event, answer: { status: 200, body: { id } } };
    }
    case 'edit':
      if (found?.user !== user) return refused(403, 'ForbiddenOperationException');
      return { event: { kind: 'edit', conversation, id: target, at, ...contentOf(action.content) }, ...agreed };
    case 'delete':
      return { event: { kind: 'delete', conversation, id: target, at }, ...agreed };
    default: {
      const type = types[action.emoji ?? ''] ?? action.emoji ?? '';
      return { event: { kind: action.do, conversation, id: target, user, type, at }, ...agreed };
    }
  }
}

/**
 * Returns a message as its readers see it. Teams notifies a person whom an entity names if the entity's text is in the
 * message.
 */
export function roomMessage(one: Held): RoomMessage {
  const reactions = Object.entries(one.reactions ?? {}).flatMap(([type, users]) => {
    const emoji = Object.keys(types).find((char) => types[char] === type) ?? type;
    return users.length === 0 ? [] : [[emoji, users.map(nameOf)] as const];
  });
  return {
    id: one.id,
    by: nameOf(one.user),
    isBot: one.user === undefined,
    markup: one.html ?? one.text,
    thread: one.root === undefined || one.root === one.id ? null : one.root,
    edited: one.edited === true,
    deleted: one.deleted === true,
    reactions: Object.fromEntries(reactions),
    mentions: one.entities.flatMap(({ type, text, mentioned }) => {
      if (type !== 'mention' || mentioned?.id === undefined || !one.text.includes(text ?? '\0')) return [];
      return [keys.find((key) => idOf(key) === mentioned.id) ?? mentioned.id];
    }),
    files: one.file === undefined ? [] : [roomFile(one.file.name, one.file.mediaType, one.file.base64)],
  };
}

/** Returns what a client sends for a message: the text, the same text in HTML, and the people whom it mentions. */
function contentOf(content: readonly Segment[]): { text: string; html: string; entities: Entity[] } {
  const entities = content.flatMap(({ mention }): Entity[] => {
    if (mention === undefined || mention === 'all') return [];
    const { name } = people[mention];
    return [{ type: 'mention', text: `<at>${name}</at>`, mentioned: { id: idOf(mention), name } }];
  });
  let count = 0;
  const html = content.map((one) => htmlOf(one, () => count++)).join('');
  return { text: content.map(textOf).join(''), html: `<div><div>${html}</div></div>`, entities };
}

function textOf({ text, mention }: Segment): string {
  if (mention === undefined) return text;
  return mention === 'all' ? '@Everyone' : `<at>${people[mention].name}</at>`;
}

function htmlOf({ text, bold, italic, strike, code, link, mention }: Segment, next: () => number): string {
  if (mention === 'all') return '@Everyone';
  if (mention !== undefined) {
    const attributes = `itemscope="" itemtype="http://schema.skype.com/Mention" itemid="${next()}"`;
    return `<span ${attributes}>${people[mention].name}</span>`;
  }
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  let html = escaped.replaceAll('\n', '<br>');
  if (link !== undefined) html = `<a href="${link.replaceAll('&', '&amp;')}">${html}</a>`;
  if (code === true) html = `<code>${html}</code>`;
  if (italic === true) html = `<i>${html}</i>`;
  if (strike === true) html = `<s>${html}</s>`;
  return bold === true ? `<strong>${html}</strong>` : html;
}
