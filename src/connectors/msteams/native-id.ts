import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing } from '../contract/connector.ts';
import { readText } from '../contract/fields.ts';
import { teamsAddress } from './settings.ts';

/** A message of Teams. Its conversation and activity id together identify it. */
export interface TeamsMessage {
  /** The id of the channel or chat, without a thread. */
  readonly conversation: string;
  /** In a channel, the id of the thread's root. For a root it is its own id. */
  readonly root?: string;
  readonly id: string;
}

/**
 * The conversation as the bot connector names it. In a channel each thread is a conversation (bot-basics, "Conversation
 * ID").
 */
export function conversationId({ conversation, root }: Omit<TeamsMessage, 'id'>): string {
  return root === undefined ? conversation : `${conversation};messageid=${root}`;
}

/** Splits the conversation id of an activity. */
export function parseConversationId(text: string): Omit<TeamsMessage, 'id'> {
  const [conversation = '', root] = text.split(';messageid=');
  return { conversation, ...(root === undefined || root === '' ? {} : { root }) };
}

/** Writes `<conversation>/<activity>`, or in a channel `<conversation>;messageid=<root>/<activity>`. */
export function nativeId(message: TeamsMessage): string {
  return `${conversationId(message)}/${message.id}`;
}

/** Leaves out the thread, which not every event names. */
export function linkKey(native: string): string {
  return native.replace(/;messageid=[^/]*/, '');
}

/**
 * Reads what `nativeId` wrote.
 * @throws SendFailure permanent `invalid_native_id` if the text has another form, or is null.
 */
export function parseNativeId(text: string | null): TeamsMessage {
  const [, conversation, root, id] = /^([^;\s]+)(?:;messageid=([^/;\s]+))?\/([^/\s]+)$/.exec(text ?? '') ?? [];
  if (conversation === undefined || id === undefined)
    throw new SendFailure({
      kind: 'permanent',
      code: 'invalid_native_id',
      message: 'the receipt of what this refers to names no message of Teams',
    });
  return { conversation, id, ...(root === undefined ? {} : { root }) };
}

/**
 * Channels have threads, chats have none. Their ids distinguish them (msteams-docs, subscribe-to-conversation-events).
 */
export function isChannel(conversation: string): boolean {
  return /@thread\.(?:tacv2|skype)$/.test(conversation);
}

/**
 * The conversation of a new post. In a channel, `root` is the root of its thread; in a chat, `replyTo` is the message
 * that it answers.
 */
export function placeOf({ action, destination }: Outgoing): {
  readonly conversation: string;
  readonly root?: string;
  readonly replyTo?: string;
} {
  const conversation = readText(teamsAddress, destination.address, 'conversation');
  if (action.kind !== 'create' || action.thread === undefined) return { conversation };
  const parent = parseNativeId(action.thread.nativeId);
  // The parent is in another conversation, because the destination was moved since. It has no thread here.
  if (parent.conversation !== conversation) return { conversation };
  return isChannel(conversation) || parent.root !== undefined
    ? { conversation, root: parent.root ?? parent.id }
    : { conversation, replyTo: parent.id };
}
