import { SendFailure } from '../../domain/failure.ts';
import type { Action, ActionKind, Outgoing, Receipt, SendContext } from '../contract/connector.ts';
import { authorLine, withAuthor } from '../text/author.ts';
import { shortcodeOf } from '../text/emoji.ts';
import { readText } from '../contract/fields.ts';
import { maxEditText, maxSource, maxText } from './text/bounds.ts';
import { toMrkdwn } from './text/write.ts';
import { findShare, uploadFile, type FileCall } from './files.ts';
import { asFileRefusal, restated } from '../http/restated.ts';
import { deliveryMarker } from './mark.ts';
import { parseNativeId, placeOf, receiptOf } from './native-id.ts';
import { slackAddress, slackSettings } from './settings.ts';
import { callSlack, type SlackAnswer } from './api.ts';

/** Slack refuses a longer name (docs.slack.dev, chat.postMessage, `username`). */
const maxUsername = 80;

/** The one call that `send` makes. */
export type PreparedCall = FileCall | MessageCall;
interface MessageCall {
  readonly method: 'chat.postMessage' | 'chat.update' | 'chat.delete' | 'reactions.add' | 'reactions.remove';
  readonly body: object;
}

/**
 * Chooses the call and writes its body.
 * @throws SendFailure permanent: `no_text` if the text is empty, which Slack would refuse as well; `invalid_native_id`
 * if the message to change or reply to has no id of Slack's; `unknown_emoji` if Slack has no name for the emoji.
 */
export async function prepare(outgoing: Outgoing, context: SendContext): Promise<PreparedCall> {
  const { action, key, author } = outgoing;
  if (action.kind === 'react' || action.kind === 'unreact') return reaction(action);
  if (action.kind === 'delete') {
    const { channel, ts } = parseNativeId(action.nativeId);
    return { method: 'chat.delete', body: { channel, ts } };
  }
  if (outgoing.file !== undefined) return uploadFile(outgoing, outgoing.file, context);
  const text = textOf(outgoing, maxOf(outgoing));
  if (text === '')
    throw new SendFailure({ kind: 'permanent', code: 'no_text', message: 'the message has no text to post' });
  if (action.kind === 'edit') {
    const { channel, ts } = parseNativeId(action.nativeId);
    // Without metadata in the call, Slack keeps the metadata by which the post is found as its delivery's.
    return { method: 'chat.update', body: { channel, ts, text } };
  }
  const { channel, thread } = placeOf(outgoing);
  const metadata = deliveryMarker(key);
  const persona =
    isPersona(outgoing) && author !== undefined
      ? { username: authorLine(author).slice(0, maxUsername), icon_url: author.avatarUrl }
      : {};
  return {
    method: 'chat.postMessage',
    body: { channel, text, metadata, thread_ts: thread, ...persona },
  };
}

/** Whether the text is cut neither when it is read nor when it is written. */
export function fits(outgoing: Outgoing): boolean {
  return outgoing.message.content.text.length <= maxSource && textOf(outgoing, Infinity).length <= maxOf(outgoing);
}

const maxOf = ({ action }: Outgoing): number => (action.kind === 'edit' ? maxEditText : maxText);

/** Whether the post shows the author, and not the bot, as its sender. */
const isPersona = ({ author, connection }: Outgoing): boolean =>
  author !== undefined && readText(slackSettings, connection.settings, 'authors') === 'persona';

function textOf(outgoing: Outgoing, max: number): string {
  const { message, author, people } = outgoing;
  return toMrkdwn(message.content.text, {
    max,
    ...(people === undefined ? {} : { people }),
    ...(author === undefined || isPersona(outgoing) ? {} : { change: (tree) => withAuthor(tree, author) }),
  });
}

/** @throws SendFailure permanent `unknown_emoji` if Slack has no name for it. */
function reaction({ kind, nativeId, emoji }: Extract<Action, { emoji: string }>): PreparedCall {
  const { channel, ts: timestamp } = parseNativeId(nativeId);
  const name = shortcodeOf(emoji);
  if (name === undefined)
    throw new SendFailure({ kind: 'permanent', code: 'unknown_emoji', message: 'Slack has no such emoji' });
  const method = kind === 'react' ? 'reactions.add' : 'reactions.remove';
  return { method, body: { channel, timestamp, name } };
}

/**
 * Makes one call of the Web API. Deleting a message that is gone counts as done.
 * @throws SendFailure by the table in `errors.ts`; ambiguous `bad_response` if Slack agrees but names no message.
 */
export async function send(prepared: PreparedCall, outgoing: Outgoing, context: SendContext): Promise<Receipt> {
  const end = performance.now() + context.timeoutMs;
  const call = callSlack(prepared.method, prepared.body, outgoing.connection, context);
  if (outgoing.action.kind === 'create') {
    const { answer, status } = await call.catch((error: unknown) => {
      throw asFileRefusal(error, outgoing);
    });
    if (prepared.method === 'files.completeUploadExternal') {
      const share = await findShare(prepared, outgoing.connection, context, end);
      const { channel_id: channel } = prepared.body;
      return { ...posted({ channel, ts: share.ts, message: share }, status, outgoing), status };
    }
    return { ...posted(answer, status, outgoing), status };
  }
  // An edited or deleted message keeps its id.
  const changed = outgoing.action.nativeId ?? '';
  try {
    const { status } = await call;
    return { nativeId: changed, status };
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error;
    if (isDone(outgoing.action.kind, error.code))
      return { nativeId: changed, ...(error.status === undefined ? {} : { status: error.status }) };
    throw isElsewhere(changed, outgoing) && error.affects === 'destination'
      ? restated(error, { affects: 'message' })
      : error;
  }
}

/** Whether a refusal means that the wanted state already exists. */
function isDone(kind: ActionKind, code: string): boolean {
  if (kind === 'delete') return code === 'message_not_found';
  return (kind === 'react' && code === 'already_reacted') || (kind === 'unreact' && code === 'no_reaction');
}

/**
 * The receipt of a new post, from Slack's answer. If the root of a thread is gone, Slack puts the reply into the
 * channel without saying so; the message in the answer then names no thread (slack-go/slack#1571).
 */
function posted({ channel, ts, message }: SlackAnswer, status: number, outgoing: Outgoing): Receipt {
  if (typeof channel !== 'string' || typeof ts !== 'string')
    throw new SendFailure({
      kind: 'ambiguous',
      code: 'bad_response',
      message: 'Slack agreed but named no message',
      status,
    });
  const { thread_ts: thread } =
    typeof message === 'object' && message !== null
      ? (message as SlackAnswer)
      : { thread_ts: placeOf(outgoing).thread };
  return receiptOf(outgoing, { channel, ts, ...(typeof thread === 'string' ? { thread } : {}) });
}

/** Whether the message is in a channel that the destination no longer names. */
function isElsewhere(id: string, { destination }: Outgoing): boolean {
  return parseNativeId(id).channel !== readText(slackAddress, destination.address, 'channel');
}
