import { peopleOn, roomFile, type PersonAction, type PersonKey, type RoomMessage, type Segment } from '../kit/rooms.ts';
import type { Decision } from '../kit/simulator.ts';
import { agreed, idOf, mentionsOf, refused, type Held, type Message, type WebexEvent } from './messages.ts';

const people = peopleOn('webex');

interface Account {
  readonly id: string;
  readonly displayName: string;
  readonly emails: readonly string[];
  readonly type: 'person' | 'bot';
}

const account = (uuid: string, displayName: string, email: string, type: Account['type']): Account => ({
  id: idOf('PEOPLE', `${uuid}-0000-4000-8000-000000000000`),
  displayName,
  emails: [email],
  type,
});

/** All accounts: the people, a bot, and an account that was made for Carillon. */
const accounts = {
  ann: account('000000a1', people.ann.name, people.ann.email, 'person'),
  ben: account('000000b2', people.ben.name, people.ben.email, 'person'),
  cleo: account('000000c3', people.cleo.name, people.cleo.email, 'person'),
  dora: account('000000f6', people.dora.name, people.dora.email, 'person'),
  bot: account('000000d4', 'Carillon', 'carillon@webex.bot', 'bot'),
  service: account('000000e5', 'Carillon', 'carillon@example.com', 'person'),
} as const;

const byId = (id: string): Account | undefined => Object.values(accounts).find((one) => one.id === id);

export const botId = accounts.bot.id;
export const emailOf = (id: string): string => byId(id)?.emails[0] ?? 'nobody@example.com';
const personIdOf = (key: PersonKey): string => accounts[key].id;

/**
 * Returns the id of a token's owner: `bot-…` is the bot's token, `account-…` the account's, and `<person>-…` that
 * person's.
 */
export function ownerOf(token: string | undefined): string | undefined {
  const name = /^([a-z]+)-/.exec(token ?? '')?.[1] ?? '';
  if (name === 'account') return accounts.service.id;
  return Object.hasOwn(accounts, name) ? accounts[name as keyof typeof accounts].id : undefined;
}

/** GET /people?email=, /people/{id} and /people/me (developer.webex.com, People API). */
export function findPeople(by: { email: string } | { id: string }): Decision<WebexEvent> {
  if ('email' in by)
    return agreed({
      items: Object.values(accounts)
        .filter(({ emails }) => emails.includes(by.email))
        .map(asShown),
    });
  const found = byId(by.id);
  return found === undefined ? refused(404, 'The requested resource could not be found.') : agreed(asShown(found));
}

function asShown(one: Account): object {
  const uuid = Buffer.from(one.id, 'base64').toString().split('/').at(-1);
  return { ...one, avatar: `https://avatar.sim.webex.com/${uuid}` };
}

/**
 * Turns an act of a person into the event that their client would cause. `messages` are the messages of the room,
 * oldest first.
 */
export function act(action: PersonAction, messages: readonly Held[], id: string, now: Date): Decision<WebexEvent> {
  const personId = personIdOf(action.user);
  const { room: roomId } = action;
  const found = messages.find((one) => one.id === action.id && one.deleted !== true);
  if (action.do !== 'say' && found === undefined) return refused(404, 'The requested resource could not be found.');
  switch (action.do) {
    case 'say': {
      const parent = messages.find((one) => one.id === action.thread);
      const files = action.file === undefined ? undefined : [{ ...action.file, id: idOf('CONTENT', id) }];
      const event: Message = {
        id,
        roomId,
        personId,
        ...(parent === undefined ? {} : { parentId: parent.parentId ?? parent.id }),
        ...textsOf(action.content),
        ...(files && { files }),
        created: now.toISOString(),
      };
      return { event, ...agreed({ id }) };
    }
    case 'edit': {
      if (found?.personId !== personId) return refused(403, 'You may only edit your own messages.');
      const event = { kind: 'edit' as const, id: found.id, roomId, ...textsOf(action.content), at: now.toISOString() };
      return { event, ...agreed({ id: found.id }) };
    }
    case 'delete':
      // A moderator may delete the messages of other people.
      return { event: { kind: 'delete', id: found?.id ?? '', roomId, by: personId }, ...agreed({}) };
    default:
      return refused(400, 'There is nothing that tells of reactions.');
  }
}

/** Returns the forms of the text that a client sends. It sends HTML only for a text with formatting. */
function textsOf(content: readonly Segment[]): Pick<Message, 'text' | 'html'> {
  const text = content.map(({ text: one, mention }) => (mention === undefined ? one : nameOf(mention))).join('');
  const isPlain = content.every((one) => Object.keys(one).every((key) => key === 'text'));
  return { text, ...(isPlain ? {} : { html: `<p>${content.map(segment).join('')}</p>` }) };
}

function segment({ text, bold, italic, code, link, mention }: Segment): string {
  if (mention === 'all')
    return '<spark-mention data-object-type="groupMention" data-group-type="all">All</spark-mention>';
  if (mention !== undefined)
    return `<spark-mention data-object-type="person" data-object-id="${personIdOf(mention)}">${nameOf(mention)}</spark-mention>`;
  const escaped = escapeHtml(text);
  if (link !== undefined) return `<a href="${escapeHtml(link)}">${escaped}</a>`;
  if (code === true) return `<code>${escaped}</code>`;
  const inner = italic === true ? `<em>${escaped}</em>` : escaped;
  return bold === true ? `<strong>${inner}</strong>` : inner;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function nameOf(key: PersonKey | 'all'): string {
  return key === 'all' ? 'All' : people[key].name;
}

export function roomMessage(one: Held): RoomMessage {
  const keys = Object.keys(people) as PersonKey[];
  return {
    id: one.id,
    by: byId(one.personId)?.displayName ?? one.personId,
    isBot: byId(one.personId)?.type === 'bot',
    markup: one.markdown ?? one.html ?? one.text ?? '',
    thread: one.parentId ?? null,
    edited: one.updated !== undefined,
    deleted: one.deleted === true,
    reactions: {},
    mentions: mentionsOf(one).map(({ kind, value }) =>
      kind === 'all'
        ? 'all'
        : (keys.find((key) => value === (kind === 'personId' ? personIdOf(key) : people[key].email)) ?? value),
    ),
    files: (one.files ?? []).map(({ name, mediaType, base64 }) => roomFile(name, mediaType, base64)),
  };
}
