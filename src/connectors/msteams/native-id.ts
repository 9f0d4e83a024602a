import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing } from '../contract/connector.ts';
import { readText } from '../contract/fields.ts';
import { teamsAddress } from './settings.ts';

/** A message of Teams is known by its conversation and its activity id. */
export interface TeamsMessage {
  /** Of a channel or a chat, without a thread. */
  readonly conversation: string;
  /** The id of its thread's root, in a channel; that of a root is its own. */
  readonly root?: string;
  readonly id: string;
}

/** The conversation as the bot connector names it: in a channel each thread is one (bot-basics, "Conversation ID"). */
export function conversationId({ conversation, root }: Omit<TeamsMessage, 'id'>): string {
  return root === undefined ? conversation : `${conversation};messageid=${root}`;
}

/** The parts of a conversation's id as activities name it. */
export function parseConversationId(text: string): Omit<TeamsMessage, 'id'> {
  const [conversation = '', root] = text.split(';messageid=');
  return { conversation, ...(root === undefined || root === '' ? {} : { root }) };
}

/** `<conversation>/<activity>`, and in a channel `<conversation>;messageid=<root>/<activity>`. */
export function nativeId(message: TeamsMessage): string {
  return `${conversationId(message)}/${message.id}`;
}

/** Without the thread, which not every event names. */
export function linkKey(native: string): string {
  return native.replace(/;messageid=[^/]*/, '');
}

/**
 * Reads what `nativeId` wrote.
 * @throws SendFailure permanent `invalid_native_id`, also for null: without an id Teams knows no message.
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

/** Channels have threads, chats have none; their ids tell them apart (msteams-docs, subscribe-to-conversation-events). */
export function isChannel(conversation: string): boolean {
  return /@thread\.(?:tacv2|skype)$/.test(conversation);
}

/** Where a new post goes: `root` is of its thread in a channel, `replyTo` what it answers in a chat. */
export function placeOf({ action, destination }: Outgoing): {
  readonly conversation: string;
  readonly root?: string;
  readonly replyTo?: string;
} {
  const conversation = readText(teamsAddress, destination.address, 'conversation');
  if (action.kind !== 'create' || action.thread === undefined) return { conversation };
  const parent = parseNativeId(action.thread.nativeId);
  // From before the destination was moved: it has no thread here.
  if (parent.conversation !== conversation) return { conversation };
  return isChannel(conversation) || parent.root !== undefined
    ? { conversation, root: parent.root ?? parent.id }
    : { conversation, replyTo: parent.id };
}
