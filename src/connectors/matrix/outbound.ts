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

/** The one call that `send` makes; none where it is so already. */
export interface PreparedCall {
  readonly call?: MatrixCall;
  readonly room: string;
  readonly speaker: Speaker;
}

/** Of the plain text that clients without edits show. */
const maxFallback = 2_000;

/**
 * @throws SendFailure: `no_text` where nothing is left to say, `invalid_native_id`, `message_gone` for an edit of what is
 * redacted or was never there, and whatever joining the room comes to.
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
  // Before anybody joins for it: most speak as they were asked to.
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

/** With the fallback for clients without threads, to which it is a reply (client-server API, "Threading"). */
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
  // A homeserver takes an edit of what is gone without a word, and nobody sees it.
  if (original === undefined || at(original, 'unsigned', 'redacted_because') !== undefined)
    throw new SendFailure({ kind: 'permanent', code: 'message_gone', message: 'what is edited is not there any more' });
  const body = {
    msgtype: content.msgtype,
    body: `* ${content.body.slice(0, maxFallback)}`,
    // Whom the first text told is not told again ("Mentioning and replacing").
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

/** What is changed, and its sender: changes are theirs alone. Where it is not known it was the bot. */
function targetOf({ action, connection }: Outgoing): { room: string; event: string; speaker: Speaker } {
  const { room, event, sender } = parseNativeId(action.kind === 'create' ? null : action.nativeId);
  return { room, event, speaker: { user: sender ?? botOf(connection.settings), isStandIn: false } };
}

/** With the author in the text, as the bot names them: who will speak is known only when they were asked into the room. */
export function fits({ message, author, people }: Outgoing): boolean {
  return fitsContent(message.content.text, optionsOf(author, people));
}

function optionsOf(author: Outgoing['author'], people: Outgoing['people']): TextOptions {
  return {
    ...(people === undefined ? {} : { people }),
    ...(author === undefined ? {} : { change: (tree) => withAuthor(tree, author) }),
  };
}

/** The bot names the author in the text; a ghost bears their name. */
function contentOf({ message, author, people }: Outgoing, isByBot: boolean): TextContent {
  const content = toContent(message.content.text, optionsOf(isByBot ? author : undefined, people));
  if (content === undefined)
    throw new SendFailure({ kind: 'permanent', code: 'no_text', message: 'the message has no text to post' });
  return content;
}

/** The transaction is the delivery, or its part: the same in each attempt, and of no other user of the application service. */
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
 * One call. Redacting what is not there, and reacting as before, is done already.
 * @throws SendFailure by the table in `errors.ts`. A ghost that is refused is tried anew, from joining on.
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
    // What one may not change says nothing of the room.
    throw action.kind === 'create' && !isGhost ? error : restated(error, { affects: 'message' });
  }
}

const maxGhostTries = 4;
/** Of who speaks; the rest of the connection may be sound. */
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
  const text = 'It stands by itself: what it replies to is in another room.';
  const standIn = 'The bot speaks for the author: their own user was refused by the room or the homeserver.';
  return {
    nativeId: nativeId({ room, event, sender: speaker.user, ...(thread === undefined ? {} : { thread }) }),
    ...(speaker.isStandIn ? { degraded: { code: 'author_in_text', message: standIn } } : {}),
    ...(isAstray ? { degraded: { code: 'thread_missing', message: text } } : {}),
  };
}
