import { peopleOn, roomFile, type PersonAction, type PersonKey, type RoomMessage, type Segment } from '../kit/rooms.ts';
import type { Decision } from '../kit/simulator.ts';
import { agreed, refused, type Held, type Params, type SlackEvent, type SlackFile } from './posts.ts';

const people = peopleOn('slack');

/** The user ids of the people in the simulated workspace. */
const ids: Readonly<Record<PersonKey, string>> = { ann: 'U0ANN', ben: 'U0BEN', cleo: 'U0CLEO', dora: 'U0DORA' };
const emoji: Readonly<Record<string, string>> = {
  '👍': '+1',
  '❤️': 'heart',
  '🎉': 'tada',
  '😄': 'smile',
  '👀': 'eyes',
};

/** users.lookupByEmail and users.info (docs.slack.dev). */
export function findUser(params: Params, by: 'email' | 'user'): Decision<SlackEvent> {
  const key = (Object.keys(people) as PersonKey[]).find((one) =>
    by === 'email' ? people[one].email === params['email'] : ids[one] === params['user'],
  );
  if (key === undefined) return refused(by === 'email' ? 'users_not_found' : 'user_not_found');
  const { name, email } = people[key];
  const profile = { real_name: name, display_name: name, email, image_192: `https://sim.slack.com/${key}.png` };
  return agreed({ user: { id: ids[key], name: key, real_name: name, is_bot: false, profile } });
}

/**
 * Turns an act of a person into the event that their client would cause. `posts` are the messages of the room, oldest
 * first.
 */
export function act(action: PersonAction, posts: readonly Held[], ts: string): Decision<SlackEvent> {
  const { room: channel } = action;
  const user = ids[action.user];
  const found = posts.find((one) => one.ts === action.id && one.deleted !== true);
  if (action.do !== 'say' && found === undefined) return refused('message_not_found');
  const target = found?.ts ?? '';
  switch (action.do) {
    case 'say': {
      const root = posts.find((one) => one.ts === action.thread);
      const said = { text: mrkdwn(action.content), blocks: richText(action.content) };
      const thread = root === undefined ? {} : { thread_ts: root.thread_ts ?? root.ts };
      const files =
        action.file === undefined ? {} : { files: [fileOf(action.file, `F${ts.replace('.', '')}`, action.origin)] };
      return { event: { channel, ts, user, ...said, ...thread, ...files }, ...agreed({ channel, ts, id: ts }) };
    }
    case 'edit': {
      const text = mrkdwn(action.content);
      const event = {
        kind: 'edit' as const,
        channel,
        ts: target,
        text,
        blocks: richText(action.content),
        at: ts,
        user,
      };
      return found?.user === user ? { event, ...agreed({ ts: target }) } : refused('cant_update_message');
    }
    case 'delete':
      return { event: { kind: 'delete', channel, ts: target }, ...agreed({ ts: target }) };
    default:
      return react(
        { channel, ts: target, user, name: emoji[action.emoji ?? ''] ?? 'eyes', add: action.do === 'react' },
        found,
        ts,
      );
  }
}

/** reactions.add and reactions.remove: each person can add each emoji once (docs.slack.dev). */
export function react(
  { channel, ts, user, name, add }: { channel: string; ts: string; user: string; name: string; add: boolean },
  found: Held | undefined,
  at: string,
): Decision<SlackEvent> {
  if (found === undefined) return refused('message_not_found');
  const isThere = found.reactions?.[name]?.includes(user) === true;
  if (isThere === add) return refused(add ? 'already_reacted' : 'no_reaction');
  return { event: { kind: add ? 'react' : 'unreact', channel, ts, user, name, at }, ...agreed({}) };
}

export function roomMessage(one: Held): RoomMessage {
  const reactions = Object.entries(one.reactions ?? {}).map(([name, users]) => [
    Object.keys(emoji).find((char) => emoji[char] === name) ?? `:${name}:`,
    users.map(nameOf),
  ]);
  return {
    id: one.ts,
    by: one.username ?? nameOf(one.user ?? ''),
    isBot: one.user === undefined,
    markup: one.text,
    thread: one.thread_ts ?? null,
    edited: one.edited !== undefined,
    deleted: one.deleted === true,
    reactions: Object.fromEntries(reactions),
    mentions: [...one.text.matchAll(/<@([A-Z0-9]+)[^>]*>|<!(here|channel|everyone)[^>]*>/g)].map(([, id, all]) =>
      all === undefined ? (keyOf(id ?? '') ?? id ?? '') : 'all',
    ),
    files: (one.files ?? []).map(({ name, mimetype, base64 }) => roomFile(name, mimetype, base64)),
  };
}

function keyOf(id: string): PersonKey | undefined {
  return (Object.keys(ids) as PersonKey[]).find((key) => ids[key] === id);
}

function nameOf(id: string): string {
  const key = keyOf(id);
  return key === undefined ? 'Carillon' : people[key].name;
}

/** @param origin address of the simulators. */
export function fileOf(
  { name, mediaType, base64 }: NonNullable<PersonAction['file']>,
  id: string,
  origin: string,
  title = name,
): SlackFile {
  return {
    id,
    name,
    title,
    mimetype: mediaType,
    size: Buffer.from(base64, 'base64').length,
    mode: 'hosted',
    url_private: `${origin}/slack/files/${id}/${encodeURIComponent(name)}`,
    permalink: `https://sim.slack.com/files/${id}`,
    base64,
  };
}

function mrkdwn(content: readonly Segment[]): string {
  return content.map(segment).join('');
}

function segment({ text, bold, italic, strike, code, link, mention }: Segment): string {
  if (mention !== undefined) return mention === 'all' ? '<!here>' : `<@${ids[mention]}>`;
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  if (link !== undefined) return `<${link}|${escaped}>`;
  if (code === true) return `\`${escaped}\``;
  const inner = italic === true ? `_${escaped}_` : escaped;
  const struck = strike === true ? `~${inner}~` : inner;
  return bold === true ? `*${struck}*` : struck;
}

/** The same text as `rich_text` blocks, which Slack's clients have sent in addition to the text since 2019. */
function richText(content: readonly Segment[]): object[] {
  const elements = content.map(({ text, bold, italic, strike, code, link, mention }) => {
    if (mention === 'all') return { type: 'broadcast', range: 'here' };
    if (mention !== undefined) return { type: 'user', user_id: ids[mention] };
    const style = {
      ...(bold && { bold }),
      ...(italic && { italic }),
      ...(strike && { strike }),
      ...(code && { code }),
    };
    return {
      ...(link === undefined ? { type: 'text', text } : { type: 'link', url: link, text }),
      ...(Object.keys(style).length === 0 ? {} : { style }),
    };
  });
  return [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }];
}
