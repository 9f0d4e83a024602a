import { SendFailure, type Reason } from '../../domain/failure.ts';
import type { Outgoing, Receipt, SendContext } from '../contract/connector.ts';
import { withAuthor } from '../text/author.ts';
import { readText } from '../contract/fields.ts';
import { textAt } from '../http/json-path.ts';
import { restated } from '../http/restated.ts';
import { callTeams, obtainToken, serviceUrlOf, type TeamsCall } from './api.ts';
import { fitsTeams, toTeamsText, type TeamsTextOptions } from './text/write.ts';
import { conversationId, isChannel, nativeId, parseConversationId, parseNativeId, placeOf } from './native-id.ts';
import { teamsAddress, teamsSettings } from './settings.ts';

/** The one call that `send` makes. */
export type PreparedCall = TeamsCall;

/**
 * Chooses the call and writes its body.
 * @throws SendFailure permanent: `no_text` if the text is empty; `invalid_native_id` if the message to change or reply
 * to has no id of Teams's; `not_supported` for reactions, which bots cannot add.
 */
export async function prepare(outgoing: Outgoing, context: SendContext): Promise<PreparedCall> {
  const call = plan(outgoing);
  // Obtained before the claim, so that the whole time of the send is for the one call that changes something.
  await obtainToken(outgoing.connection.settings, context);
  return call;
}

function plan(outgoing: Outgoing): PreparedCall {
  const { action, key } = outgoing;
  // For people who read the logs of a proxy. Teams ignores this header.
  const headers = { 'carillon-delivery': key };
  switch (action.kind) {
    case 'create':
      return { ...creation(outgoing), headers };
    case 'edit':
      return { method: 'PUT', path: pathOf(action.nativeId), body: activityOf(outgoing), headers };
    case 'delete':
      return { method: 'DELETE', path: pathOf(action.nativeId), headers };
    default:
      throw new SendFailure({ kind: 'permanent', code: 'not_supported', message: 'bots cannot react in Teams' });
  }
}

/**
 * A new thread of a channel is a new conversation. A reply goes to the conversation of its thread. A chat is one
 * conversation (msteams-docs, "Send proactive messages"; bot-docs, "API reference").
 */
function creation(outgoing: Outgoing): PreparedCall {
  const { conversation, root, replyTo } = placeOf(outgoing);
  const activity = activityOf(outgoing);
  if (root === undefined && isChannel(conversation)) {
    const bot = { id: `28:${readText(teamsSettings, outgoing.connection.settings, 'appId')}` };
    const body = { bot, isGroup: true, channelData: { channel: { id: conversation } }, activity };
    return { method: 'POST', path: 'v3/conversations', body };
  }
  const path = `${conversationPath(conversationId({ conversation, ...(root && { root }) }))}/activities`;
  if (replyTo === undefined) return { method: 'POST', path, body: activity };
  return { method: 'POST', path: `${path}/${encodeURIComponent(replyTo)}`, body: { ...activity, replyToId: replyTo } };
}

/** Whether the text is not cut. */
export const fits = (outgoing: Outgoing): boolean => fitsTeams(outgoing.message.content.text, optionsOf(outgoing));

function optionsOf({ author, people }: Outgoing): TeamsTextOptions {
  return {
    ...(people === undefined ? {} : { people }),
    ...(author === undefined ? {} : { change: (tree) => withAuthor(tree, author) }),
  };
}

function activityOf(outgoing: Outgoing): object {
  const { text, entities } = toTeamsText(outgoing.message.content.text, optionsOf(outgoing));
  if (text === '')
    throw new SendFailure({ kind: 'permanent', code: 'no_text', message: 'the message has no text to post' });
  return { type: 'message', textFormat: 'xml', text, ...(entities.length === 0 ? {} : { entities }) };
}

function conversationPath(id: string): string {
  return `v3/conversations/${encodeURIComponent(id)}`;
}

function pathOf(native: string | null): string {
  const { id, ...conversation } = parseNativeId(native);
  return `${conversationPath(conversationId(conversation))}/activities/${encodeURIComponent(id)}`;
}

/**
 * Makes one call of the bot connector. Deleting a message that is gone counts as done.
 * @throws SendFailure by the table in `errors.ts`; ambiguous `bad_response` if Teams agrees but names no message.
 */
export async function send(prepared: PreparedCall, outgoing: Outgoing, context: SendContext): Promise<Receipt> {
  const { action, connection } = outgoing;
  const where = { serviceUrl: serviceUrlOf(outgoing), settings: connection.settings };
  if (action.kind === 'create') {
    const isAgreed = (answer: unknown): boolean => createdId(answer) !== undefined;
    const { json, status } = await callTeams(prepared, where, context, { action: 'create', isAgreed });
    return { ...receiptOf(json, outgoing), status };
  }
  // An edited or deleted message keeps its id.
  const changed = action.nativeId ?? '';
  try {
    const { status } = await callTeams(prepared, where, context, { action: action.kind });
    return { nativeId: changed, status };
  } catch (error) {
    const isGone = error instanceof SendFailure && error.code === 'activity_not_found_in_conversation';
    if (action.kind === 'delete' && isGone) return { nativeId: changed, status: error.status ?? 404 };
    if (!(error instanceof SendFailure) || !isElsewhere(changed, outgoing)) throw error;
    throw error.affects === 'destination' ? restated(error, { affects: 'message' }) : error;
  }
}

/** Whether the message is in a conversation that the destination no longer names. */
function isElsewhere(id: string, { destination }: Outgoing): boolean {
  return parseNativeId(id).conversation !== readText(teamsAddress, destination.address, 'conversation');
}

/**
 * The id of a new message. For a new thread, Teams answers with the id of the conversation and may add that of the
 * message.
 */
function createdId(answer: unknown): string | undefined {
  const id = textAt(answer, 'id');
  return textAt(answer, 'activityId') ?? (id === undefined ? undefined : (parseConversationId(id).root ?? id));
}

function receiptOf(answer: unknown, outgoing: Outgoing): Receipt {
  const id = createdId(answer) ?? '';
  const { conversation, root, replyTo } = placeOf(outgoing);
  if (root !== undefined) return { nativeId: nativeId({ conversation, root, id }) };
  if (isChannel(conversation)) return { nativeId: nativeId({ conversation, root: id, id }), ...astray(outgoing) };
  const degraded: Reason = {
    code: 'no_threads',
    message: 'Chats have no threads, so the reply was posted as an ordinary message.',
  };
  if (replyTo !== undefined) return { nativeId: nativeId({ conversation, id }), degraded };
  return { nativeId: nativeId({ conversation, id }), ...astray(outgoing) };
}

/** What the receipt says if a reply found no thread. */
function astray({ action }: Outgoing): Pick<Receipt, 'degraded'> {
  if (action.kind !== 'create' || action.thread === undefined) return {};
  const message = 'It was posted outside a thread: the message that it replies to is in another conversation.';
  return { degraded: { code: 'thread_missing', message } };
}
