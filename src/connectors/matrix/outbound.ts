import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing, Receipt, SendContext } from '../contract/connector.ts';
import { withAuthor } from '../text/author.ts';
import { at, textAt } from '../http/json-path.ts';
import { restated } from '../http/restated.ts';
import { callMatrix, find, path, type MatrixCall } from './api.ts';
import { fitsContent, toContent, type TextContent, type TextOptions } from './text/write.ts';
import { uploadFile } from './files.ts';
import { forgetSpeaker, speakerFor, type Speaker } from './ghosts.ts';
import { nativeId, parseNativeId, placeOf } from './native-id.ts';
import { botOf, deliveryMarker } from './mark.ts';
import { findReaction } from './reactions.ts';

/** The one call that `send` makes; no call if the wanted state already exists. */
export interface PreparedCall {
  readonly call?: MatrixCall;
  readonly room: string;
  readonly speaker: Speaker;
}

/** The longest plain text of an edit, which clients without edits show, in code units. */
const maxFallback = 2_000;

/**
 * Chooses the call and writes its body. Joins the room if necessary.
 * @throws SendFailure permanent: `no_text` if the text is empty; `invalid_native_id`; `message_gone` for an edit of a
 * message that is redacted or does not exist. Also the failures of joining the room.
 */
export async function prepare(outgoing: Outgoing, context: SendContext): Promise<PreparedCall> {
  switch (outgoing.action.kind) {
    case 'create':
      return newMessage(outgoing, context);
    case 'edit':
      return edit(outgoing, context);
    case 'delete': {
      const { room, event, speaker } = targetOf(outgoing);
      return { room, speaker, call: redaction(outgoing, room, event, speaker) };
    }
    case 'react':
    case 'unreact':
      return reaction(outgoing, outgoing.action, context);
  }
}

async function newMessage(outgoing: Outgoing, context: SendContext): Promise<PreparedCall> {
  const { room, thread } = placeOf(outgoing);
  const bot = botOf(outgoing.connection.settings);
  const { file } = outgoing;
  // Rendered before any user joins, so that an empty message fails first. In most cases this content is also the one
  // that is sent.
  const asGhost = file === undefined ? contentOf(outgoing, false) : undefined;
  const speaker = await speakerFor(outgoing, room, context);
  const isNamed = outgoing.author !== undefined && speaker.user === bot;
  const content =
    file === undefined
      ? ((isNamed ? undefined : asGhost) ?? contentOf(outgoing, true))
      : await uploadFile(outgoing, file, { ...speaker, isBot: isNamed }, context);
  const body = { ...content, ...(thread === undefined ? {} : { 'm.relates_to': threadRelation(thread) }) };
  return { room, speaker, call: sending(outgoing, room, 'm.room.message', body, speaker) };
}

/**
 * Contains the fallback for clients without threads, which show the event as a reply to the root (client-server API,
 * "Threading").
 */
function threadRelation(root: string): object {
  return { rel_type: 'm.thread', event_id: root, is_falling_back: true, 'm.in_reply_to': { event_id: root } };
}

async function edit(outgoing: Outgoing, context: SendContext): Promise<PreparedCall> {
  const { room, event, speaker } = targetOf(outgoing);
  const content = contentOf(outgoing, speaker.user === botOf(outgoing.connection.settings));
  const original = await find(
    { method: 'GET', path: path`/v3/rooms/${room}/event/${event}`, as: speaker.user },
    outgoing.connection,
    context,
  );
  // A homeserver accepts an edit of a message that is gone without an error, but nobody sees it.
  if (original === undefined || at(original, 'unsigned', 'redacted_because') !== undefined)
    throw new SendFailure({ kind: 'permanent', code: 'message_gone', message: 'what is edited is not there any more' });
  const body = {
    msgtype: content.msgtype,
    body: `* ${content.body.slice(0, maxFallback)}`,
    // People whom the first text notified are not notified again ("Mentioning and replacing").
    'm.mentions': {},
    'm.new_content': content,
    'm.relates_to': { rel_type: 'm.replace', event_id: event },
  };
  return { room, speaker, call: sending(outgoing, room, 'm.room.message', body, speaker) };
}

async function reaction(
  outgoing: Outgoing,
  { kind, emoji }: { kind: 'react' | 'unreact'; emoji: string },
  context: SendContext,
): Promise<PreparedCall> {
  const { connection } = outgoing;
  const { room, event } = parseNativeId(outgoing.action.kind === 'create' ? null : outgoing.action.nativeId);
  const speaker = { user: botOf(connection.settings), isStandIn: false };
  if (kind === 'react') {
    const body = { 'm.relates_to': { rel_type: 'm.annotation', event_id: event, key: emoji } };
    return { room, speaker, call: sending(outgoing, room, 'm.reaction', body, speaker) };
  }
  const found = await findReaction({ room, event, emoji, by: speaker.user }, connection, context);
  return { room, speaker, ...(found && { call: redaction(outgoing, room, found, speaker) }) };
}

/** The event to change and its sender, who alone can change it. If the sender is not known, it was the bot. */
function targetOf({ action, connection }: Outgoing): { room: string; event: string; speaker: Speaker } {
  const { room, event, sender } = parseNativeId(action.kind === 'create' ? null : action.nativeId);
  return { room, event, speaker: { user: sender ?? botOf(connection.settings), isStandIn: false } };
}

/**
 * Whether the text fits together with the author's name. The bot adds the name, a ghost does not; which of them will
 * speak is known only after joining the room.
 */
export function fits({ message, author, people }: Outgoing): boolean {
  return fitsContent(message.content.text, optionsOf(author, people));
}

function optionsOf(author: Outgoing['author'], people: Outgoing['people']): TextOptions {
  return {
    ...(people === undefined ? {} : { people }),
    ...(author === undefined ? {} : { change: (tree) => withAuthor(tree, author) }),
  };
}

/** The content of a message. The bot names the author in the text, but a ghost has the author's name. */
function contentOf({ message, author, people }: Outgoing, isByBot: boolean): TextContent {
  const content = toContent(message.content.text, optionsOf(isByBot ? author : undefined, people));
  if (content === undefined)
    throw new SendFailure({ kind: 'permanent', code: 'no_text', message: 'the message has no text to post' });
  return content;
}

/**
 * The transaction id is the key of the post. It is the same in every attempt, and no other post of the application
 * service has it.
 */
function sending(outgoing: Outgoing, room: string, type: string, content: object, { user }: Speaker): MatrixCall {
  const body = { ...content, ...deliveryMarker(outgoing.key) };
  const to = path`/v3/rooms/${room}/send/${type}/${outgoing.key}`;
  return { method: 'PUT', path: to, body, as: user, expects: 'event_id' };
}

function redaction(outgoing: Outgoing, room: string, event: string, { user }: Speaker): MatrixCall {
  const to = path`/v3/rooms/${room}/redact/${event}/${outgoing.key}`;
  return { method: 'PUT', path: to, body: deliveryMarker(outgoing.key), as: user, expects: 'event_id' };
}

/**
 * Makes the call. Redacting an event that is gone counts as done, and so does repeating a reaction.
 * @throws SendFailure by the table in `errors.ts`. If a ghost is refused, the failure is transient, so that the next
 * attempt makes it join again.
 */
export async function send({ call, room, speaker }: PreparedCall, outgoing: Outgoing, context: SendContext) {
  const { action, connection } = outgoing;
  const changed = action.kind === 'create' ? '' : (action.nativeId ?? '');
  if (call === undefined) return { nativeId: changed, status: 200 };
  try {
    const { json, status } = await callMatrix(call, connection, context);
    if (action.kind !== 'create') return { nativeId: changed, status };
    return { ...receiptOf(outgoing, { room, event: textAt(json, 'event_id') ?? '', speaker }), status };
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error;
    if (isDone(action.kind, error.code)) return { nativeId: changed, ...(error.status && { status: error.status }) };
    if (!refusesUser.test(error.code)) throw error;
    forgetSpeaker(speaker.user, room, context);
    const isGhost = speaker.user !== botOf(connection.settings);
    if (action.kind === 'create' && isGhost && context.attempt < maxGhostTries)
      throw restated(error, { kind: 'transient', affects: 'message' });
    // A refusal of a change concerns the message and not the room.
    throw action.kind === 'create' && !isGhost ? error : restated(error, { affects: 'message' });
  }
}

const maxGhostTries = 4;
/** Codes that concern the user who speaks. The rest of the connection may work. */
const refusesUser = /^matrix_(?:forbidden|exclusive|user_suspended|user_locked|user_deactivated)$/;

function isDone(kind: Outgoing['action']['kind'], code: string): boolean {
  if (kind === 'react') return code === 'matrix_duplicate_annotation';
  return (kind === 'delete' || kind === 'unreact') && code === 'matrix_not_found';
}

function receiptOf(
  outgoing: Outgoing,
  { room, event, speaker }: { room: string; event: string; speaker: Speaker },
): Receipt {
  const { thread } = placeOf(outgoing);
  const isAstray = outgoing.action.kind === 'create' && outgoing.action.thread !== undefined && thread === undefined;
  const text = 'It was posted outside a thread: the message that it replies to is in another room.';
  const standIn = 'The bot speaks for the author: their own user was refused by the room or the homeserver.';
  return {
    nativeId: nativeId({ room, event, sender: speaker.user, ...(thread === undefined ? {} : { thread }) }),
    ...(speaker.isStandIn ? { degraded: { code: 'author_in_text', message: standIn } } : {}),
    ...(isAstray ? { degraded: { code: 'thread_missing', message: text } } : {}),
  };
}
