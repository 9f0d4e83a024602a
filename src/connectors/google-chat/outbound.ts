import { SendFailure } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { Outgoing, Receipt, SendContext } from '../contract/connector.ts';
import { withAuthor } from '../text/author.ts';
import { textAt } from '../http/json-path.ts';
import { restated } from '../http/restated.ts';
import { timeLeft } from '../contract/context.ts';
import { maxBytes, maxSource } from './text/bounds.ts';
import { callChat, getToken, type ChatCall } from './api.ts';
import { clientId, requestId } from './mark.ts';
import { toChatText, type ChatTextOptions } from './text/write.ts';
import { alreadyExists } from './errors.ts';
import { parseNativeId, placeOf, receiptOf } from './native-id.ts';

/** The one call by which `send` changes something. */
export type PreparedCall = Pick<ChatCall, 'method' | 'path' | 'body'>;

/**
 * Chooses the call and writes its body.
 * @throws SendFailure permanent: `no_text` if the text is empty; `invalid_native_id` if the message to change or reply
 * to has no name; `not_supported` for a reaction, which needs a person's consent.
 */
export async function prepare(outgoing: Outgoing, context: SendContext): Promise<PreparedCall> {
  const call = callOf(outgoing);
  // Obtained before the claim, so that the whole time of the send is for the post.
  await getToken(outgoing.connection, context);
  return call;
}

function callOf(outgoing: Outgoing): PreparedCall {
  const { action, message, key } = outgoing;
  if (action.kind === 'react' || action.kind === 'unreact') throw permanent('not_supported', 'an app cannot react');
  if (action.kind === 'delete') {
    // Without `force`, Google does not delete a message that has replies (spaces.messages.delete).
    return { method: 'DELETE', path: `${parseNativeId(action.nativeId).name}?force=true` };
  }
  const text = toChatText(message.content.text, optionsOf(outgoing));
  if (text === '') throw permanent('no_text', 'the message has no text to post');
  if (action.kind === 'edit') {
    const { name } = parseNativeId(action.nativeId);
    return { method: 'PATCH', path: `${name}?updateMask=text&allowMissing=false`, body: { text } };
  }
  const { space, thread } = placeOf(outgoing);
  const query = new URLSearchParams({
    requestId: requestId(key),
    messageId: clientId(key),
    ...(thread === undefined ? {} : { messageReplyOption: 'REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD' }),
  });
  return {
    method: 'POST',
    path: `${space}/messages?${query.toString()}`,
    body: { text, ...(thread === undefined ? {} : { thread: { name: thread } }) },
  };
}

/** Whether the text is cut neither when it is read nor when it is written. */
export function fits(outgoing: Outgoing): boolean {
  const { text } = outgoing.message.content;
  const written = toChatText(text, { ...optionsOf(outgoing), max: Infinity });
  return text.length <= maxSource && Buffer.byteLength(written) <= maxBytes;
}

function optionsOf({ author, people }: Outgoing): ChatTextOptions {
  return {
    ...(people === undefined ? {} : { people }),
    ...(author === undefined ? {} : { change: (tree) => withAuthor(tree, author) }),
  };
}

/**
 * Makes the call. Deleting a message that is gone counts as done, and so does a post whose name is taken, because that
 * message is our own.
 * @throws SendFailure by the table in `errors.ts`; ambiguous `bad_response` if Google agrees but names no message.
 */
export async function send(prepared: PreparedCall, outgoing: Outgoing, context: SendContext): Promise<Receipt> {
  const { action, connection, destination } = outgoing;
  if (action.kind === 'create') return create(prepared, outgoing, context);
  // An edited or deleted message keeps its name.
  const changed = action.nativeId ?? '';
  try {
    const { status } = await callChat(prepared, connection, context);
    return { nativeId: changed, status };
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error;
    if (action.kind === 'delete' && error.code === 'google_not_found')
      return { nativeId: changed, ...(error.status === undefined ? {} : { status: error.status }) };
    // If the destination was moved since, a refusal by the old space does not concern the destination.
    const isElsewhere = parseNativeId(changed).space !== destination.address['space'];
    throw isElsewhere && error.affects === 'destination' ? restated(error, { affects: 'message' }) : error;
  }
}

async function create(prepared: PreparedCall, outgoing: Outgoing, context: SendContext): Promise<Receipt> {
  const { connection } = outgoing;
  const rest = timeLeft(context);
  try {
    const isAgreed = (code: number, json: unknown): boolean =>
      code === 200 && typeof json === 'object' && json !== null;
    const answer = await callChat({ ...prepared, isAgreed }, connection, context);
    const receipt = read(answer.json, outgoing);
    // The answer to a repeated request may lack parts of the message that the first request made
    // (spaces.messages.create, `requestId`).
    return { ...(receipt ?? (await fetchOurs(outgoing, rest()))), status: answer.status };
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error;
    // Google does not publish its answer for a name that is taken. So if an earlier attempt may have arrived, a refusal
    // is believed only after we made sure that no message has our name.
    const isDoubtful =
      context.attempt > 1 && error.kind === 'permanent' && error.status !== undefined && error.affects === 'message';
    if (error.code !== alreadyExists && !isDoubtful) throw error;
    const receipt = await fetchOurs(outgoing, rest()).catch((reason: unknown) => {
      throw isDoubtful && reason instanceof SendFailure && reason.code === notThere ? error : reason;
    });
    return { ...receipt, ...(error.status === undefined ? {} : { status: error.status }) };
  }
}

/** No message has the name that we gave. */
const notThere = 'not_there';

/**
 * Fetches the delivery's message by the name that we gave it.
 * @throws SendFailure ambiguous for any reason, because an earlier request may have been accepted.
 */
async function fetchOurs(outgoing: Outgoing, context: SendContext): Promise<Receipt> {
  const { key, connection } = outgoing;
  try {
    const path = `${placeOf(outgoing).space}/messages/${clientId(key)}`;
    const { json, status } = await callChat({ method: 'GET', path }, connection, context);
    const receipt = read(json, outgoing);
    if (receipt !== undefined) return receipt;
    throw new SendFailure({
      kind: 'ambiguous',
      code: 'bad_response',
      message: 'Google Chat agreed but named no message',
      status,
    });
  } catch (error) {
    throw error instanceof SendFailure ? ambiguous(error) : error;
  }
}

function ambiguous({ code, message, status, excerpt, cause }: SendFailure): SendFailure {
  return new SendFailure({
    kind: 'ambiguous',
    affects: 'message',
    code: code === 'google_not_found' ? notThere : code,
    message,
    cause,
    ...(status === undefined ? {} : { status }),
    ...(excerpt === undefined ? {} : { excerpt }),
  });
}

/** Undefined if the answer lacks something that a later reply needs. */
function read(json: unknown, outgoing: Outgoing): Receipt | undefined {
  const [name, thread] = [textAt(json, 'name'), textAt(json, 'thread', 'name')];
  return name === undefined || thread === undefined ? undefined : receiptOf(outgoing, { name, thread });
}

const permanent = (code: ReasonCode, message: string): SendFailure =>
  new SendFailure({ kind: 'permanent', code, message });
