import type { InboundEvent } from '../../domain/inbound.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import { readText } from '../contract/fields.ts';
import { listAt, textAt } from '../http/json-path.ts';
import type { HookEvent } from '../contract/inbound.ts';
import type { HookConnection } from '../contract/context.ts';
import { writeMarkdown } from '../text/markdown.ts';
import { readFile } from './files.ts';
import { nativeId, parseConversationId, type TeamsMessage } from './native-id.ts';
import { readActivityText } from './text/read.ts';
import { emojiOfType } from './reactions.ts';
import { teamsSettings } from './settings.ts';

type Json = Readonly<Record<string, unknown>>;

const ignored = (code: ReasonCode): readonly HookEvent[] => [{ ignored: code }];

/**
 * Reads one activity (bot-docs, "Activity object"; msteams-docs, "Conversation events"). One activity may contain
 * several reactions.
 * @returns a string that says what is missing if the activity lacks a part that every such one has.
 */
export function readActivity(activity: Json, connection: HookConnection): readonly HookEvent[] | string {
  const { type } = activity;
  if (activity['channelId'] !== 'msteams') return ignored('other_channel');
  if (!['message', 'messageUpdate', 'messageDelete', 'messageReaction'].includes(String(type)))
    return ignored('unsupported_event');
  const place = parseConversationId(textAt(activity, 'conversation', 'id') ?? '');
  if (place.conversation === '') return 'the activity names no conversation';
  const at = timeOf(activity);
  if (at === undefined) return 'the activity has no time';
  const not = notSaidByAPerson(activity, connection);
  if (not !== undefined) return ignored(not);
  if (type === 'messageReaction') return readReactions(activity, place, at);
  const id = textAt(activity, 'id');
  if (id === undefined) return 'the activity has no id';
  const message = { ...place, id };
  const one = { room: place.conversation, nativeId: nativeId(message), at };
  switch (type) {
    case 'message':
      return created(activity, message, one, connection);
    case 'messageUpdate':
      // A restored message is not posted again: copies that were deleted on other platforms stay deleted.
      if (textAt(activity, 'channelData', 'eventType') === 'undeleteMessage') return ignored('message_restored');
      return edited(activity, message, one, connection);
    default:
      return [{ event: { ...one, kind: 'deleted', key: keyOf('deleted', message) } }];
  }
}

type Common = Pick<InboundEvent, 'room' | 'nativeId' | 'at'>;

function created(
  activity: Json,
  message: TeamsMessage,
  one: Common,
  connection: HookConnection,
): readonly HookEvent[] | string {
  const sender = senderOf(activity);
  if (sender === undefined) return 'the message names no sender';
  const content = contentOf(activity, connection);
  // For example a message that only mentions the bot. It has nothing to show on other platforms.
  if (content.text === '' && content.files === undefined) return ignored('no_content');
  const { conversation, root, id } = message;
  const isReply = root !== undefined && root !== id;
  const thread = isReply ? { thread: nativeId({ conversation, root, id: root }) } : {};
  const key = keyOf('created', message);
  return [{ event: { ...one, kind: 'created', key, ...thread, sender, ...content } }];
}

function edited(activity: Json, message: TeamsMessage, one: Common, connection: HookConnection): readonly HookEvent[] {
  const sender = senderOf(activity);
  const ms = new Date(one.at).getTime();
  const revision = String(ms).padStart(16, '0');
  const key = keyOf('edited', message, revision);
  const content = contentOf(activity, connection);
  if (content.text === '' && content.files === undefined) return ignored('no_content');
  return [{ event: { ...one, kind: 'edited', key, revision, ...(sender && { sender }), ...content } }];
}

/** Each reaction becomes an event of its own. Emoji, person and time together make its key unique. */
function readReactions(activity: Json, place: Omit<TeamsMessage, 'id'>, at: string): readonly HookEvent[] | string {
  const target = textAt(activity, 'replyToId');
  const sender = senderOf(activity);
  if (target === undefined || sender === undefined) return 'the reaction names no message or no person';
  const message = { ...place, id: target };
  const one = { room: place.conversation, nativeId: nativeId(message), at, sender };
  const read = (list: string, kind: 'reacted' | 'unreacted'): HookEvent[] =>
    listAt(activity, list).flatMap((reaction) => {
      const type = textAt(reaction, 'type');
      if (type === undefined) return [];
      const key = keyOf(kind, message, sender.id, type.slice(0, 100), at);
      return [{ event: { ...one, kind, key, emoji: emojiOfType(type) } }];
    });
  const events = [...read('reactionsAdded', 'reacted'), ...read('reactionsRemoved', 'unreacted')];
  return events.length === 0 ? 'the activity holds no reaction' : events;
}

/**
 * Ids of bots are `28:` and the id of their app; ids of people begin with `29:`. Two bots that answer each other would
 * never stop.
 */
function notSaidByAPerson(activity: Json, { settings }: HookConnection): ReasonCode | undefined {
  const from = textAt(activity, 'from', 'id') ?? '';
  if (from === `28:${readText(teamsSettings, settings, 'appId')}`) return 'own_post';
  return from.startsWith('28:') ? 'bot_post' : undefined;
}

function contentOf(activity: Json, connection: HookConnection): Pick<InboundEvent, 'text' | 'files'> {
  const bot = `28:${readText(teamsSettings, connection.settings, 'appId')}`;
  const files = listAt(activity, 'attachments').flatMap(readFile);
  return {
    text: writeMarkdown(readActivityText(activity, { connection: connection.id, bot })),
    ...(files.length === 0 ? {} : { files }),
  };
}

function senderOf(activity: Json): InboundEvent['sender'] {
  const [id, name] = [textAt(activity, 'from', 'id'), textAt(activity, 'from', 'name')];
  return id === undefined ? undefined : { id, ...(name === undefined ? {} : { name }) };
}

/** The key of an event. It leaves out the thread, which some events name and others do not. */
export function keyOf(kind: string, { conversation, id }: TeamsMessage, ...more: readonly string[]): string {
  return [kind, conversation, id, ...more].join(' ').slice(0, 500);
}

function timeOf(activity: Json): string | undefined {
  const time = new Date(textAt(activity, 'timestamp') ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
