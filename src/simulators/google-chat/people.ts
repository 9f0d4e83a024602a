import { roomFile, type PersonAction, type PersonKey, type RoomMessage, type Segment } from '../kit/rooms.ts';
import type { Decision } from '../kit/simulator.ts';
import { people } from './account.ts';
import { app, withReplies } from './calls.ts';
import { agreed, find, newId, nextTime, refused, type ChatEvent, type Held, type User } from './messages.ts';

/** The user ids of the people in the simulated organization. */
const ids: Readonly<Record<PersonKey, string>> = {
  ann: 'users/101',
  ben: 'users/102',
  cleo: 'users/103',
  dora: 'users/104',
};

const userOf = (key: PersonKey): User => ({
  name: ids[key],
  displayName: people[key].name,
  type: 'HUMAN',
  email: people[key].email,
});

/**
 * Turns an act of a person into the event that their client would cause. `held` are the messages of the space, oldest
 * first.
 */
export function act(action: PersonAction, held: readonly Held[], now: Date): Decision<ChatEvent> {
  const { room: space, user: key } = action;
  const user = userOf(key);
  const at = nextTime(held, now);
  const found = find(held, space, action.id?.split('/').at(-1) ?? '');
  if (action.do === 'say') return say(action, held, { user, at });
  if (found === undefined) return refused('NOT_FOUND', 'Message not found.');
  const { name } = found;
  switch (action.do) {
    case 'edit': {
      if (found.sender.name !== user.name) return refused('PERMISSION_DENIED', 'Cannot update messages of others.');
      const event: ChatEvent = { kind: 'edit', space, name, ...typed(action.content), at };
      return { event, ...agreed({ id: name }) };
    }
    case 'delete':
      return { event: { kind: 'delete', space, names: withReplies(held, found), at }, ...agreed({ id: name }) };
    default: {
      const emoji = action.emoji ?? '';
      const isThere = found.reactions.some((one) => one.user.name === user.name && one.emoji === emoji);
      if (isThere === (action.do === 'react')) return refused('FAILED_PRECONDITION', 'It is so already.');
      return { event: { kind: action.do, space, name, user, emoji, at }, ...agreed({ id: name }) };
    }
  }
}

function say(action: PersonAction, held: readonly Held[], { user, at }: { user: User; at: string }) {
  const { room: space, file } = action;
  const root = find(held, space, action.thread?.split('/').at(-1) ?? '');
  if (action.thread !== undefined && root === undefined) return refused('NOT_FOUND', 'Message not found.');
  const name = `${space}/messages/${newId(space, held.length, 'message')}`;
  const attachment = file && {
    name: `${name}/attachments/1`,
    contentName: file.name,
    contentType: file.mediaType,
    attachmentDataRef: { resourceName: Buffer.from(`${name}/attachments/1`).toString('base64url') },
    source: 'UPLOADED_CONTENT' as const,
    base64: file.base64,
  };
  const event: ChatEvent = {
    kind: 'create',
    space,
    name,
    thread: root?.thread ?? `${space}/threads/${newId(space, held.length, 'thread')}`,
    isReply: root !== undefined,
    sender: user,
    ...typed(action.content),
    ...(attachment && { attachment: [attachment] }),
    at,
  };
  return { event, ...agreed({ id: name, name }) };
}

export function roomMessage(one: Held, _index: number, all: readonly Held[]): RoomMessage {
  const reactions: Record<string, string[]> = {};
  for (const { user, emoji } of one.reactions) (reactions[emoji] ??= []).push(user.displayName);
  return {
    id: one.name,
    by: one.sender.displayName,
    isBot: one.sender.type === 'BOT',
    markup: one.text,
    thread: one.isReply
      ? (all.find(({ thread, isReply }) => !isReply && thread === one.thread)?.name ?? one.thread)
      : null,
    edited: one.edited !== undefined,
    deleted: one.deleted !== undefined,
    reactions,
    mentions: [...one.text.matchAll(/<users\/([^<>\s]+)>/g)].map(([, id = '']) => keyOf(`users/${id}`) ?? id),
    files: (one.attachment ?? []).map(({ contentName, contentType, base64 }) =>
      roomFile(contentName, contentType, base64),
    ),
  };
}

const keyOf = (id: string): PersonKey | undefined => (Object.keys(ids) as PersonKey[]).find((key) => ids[key] === id);

/**
 * Returns the text that a person typed, with its markup, and the plain text with annotations that say who is mentioned
 * (`Annotation`).
 */
function typed(content: readonly Segment[]) {
  let [text, plain] = ['', ''];
  const annotations: object[] = [];
  const mention = (user: User | 'all'): void => {
    const shown = `@${user === 'all' ? 'all' : user.displayName}`;
    const { email: _email, ...known } = user === 'all' ? { name: 'users/all', type: 'HUMAN' } : user;
    annotations.push({
      type: 'USER_MENTION',
      startIndex: plain.length,
      length: shown.length,
      userMention: { user: known, type: 'MENTION' },
    });
    text += `<${known.name}>`;
    plain += shown;
  };
  for (const one of content.flatMap(mentionsOfApp)) {
    if (one === 'app') mention(app);
    else if (one.mention !== undefined) mention(one.mention === 'all' ? 'all' : userOf(one.mention));
    else {
      text += marked(one);
      plain += one.text;
    }
  }
  return { text, plain: { text: plain, annotations } };
}

/** Splits a segment at each `@Carillon`, which mentions the app. */
function mentionsOfApp(segment: Segment): (Segment | 'app')[] {
  if (segment.mention !== undefined) return [segment];
  return segment.text
    .split(/(?<!\S)@Carillon\b/)
    .flatMap((text, index) => [
      ...(index === 0 ? [] : ['app' as const]),
      ...(text === '' ? [] : [{ ...segment, text }]),
    ]);
}

/** Marks up a segment (developers.google.com/workspace/chat, "Format messages"). */
function marked({ text, bold, italic, strike, code, link }: Segment): string {
  if (link !== undefined) return `<${link}|${text}>`;
  if (code === true) return `\`${text}\``;
  const inner = italic === true ? `_${text}_` : text;
  const struck = strike === true ? `~${inner}~` : inner;
  return bold === true ? `*${struck}*` : struck;
}
