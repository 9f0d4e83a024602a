import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing, Receipt, SendContext } from '../connector.ts';
import { readText } from '../fields.ts';
import { maxEditText, maxText } from './bounds.ts';
import { toMrkdwn } from './dialect.ts';
import { restated } from './errors.ts';
import { deliveryMarker } from './marker.ts';
import { parseNativeId, placeOf, receiptOf } from './native-id.ts';
import { slackAddress } from './settings.ts';
import { callSlack, type SlackAnswer } from './web-api.ts';

/** The one call that `send` makes. */
export interface PreparedCall {
  readonly method: 'chat.postMessage' | 'chat.update' | 'chat.delete';
  readonly body: string;
}

/**
 * @throws SendFailure permanent: `no_text` where nothing is left to say, since Slack would answer the same;
 * `invalid_native_id` where the message that is meant has none of Slack's.
 */
export async function prepare(outgoing: Outgoing): Promise<PreparedCall> {
  const { action, message, delivery } = outgoing;
  if (action.kind === 'delete') {
    const { channel, ts } = parseNativeId(action.nativeId);
    return { method: 'chat.delete', body: JSON.stringify({ channel, ts }) };
  }
  const text = toMrkdwn(message.content.text, action.kind === 'edit' ? maxEditText : maxText);
  if (text === '')
    throw new SendFailure({ kind: 'permanent', code: 'no_text', message: 'the message has no text to post' });
  if (action.kind === 'edit') {
    const { channel, ts } = parseNativeId(action.nativeId);
    // Without metadata Slack keeps what the post has, by which it is found as the delivery that created it.
    return { method: 'chat.update', body: JSON.stringify({ channel, ts, text }) };
  }
  const { channel, thread } = placeOf(outgoing);
  const metadata = deliveryMarker(delivery);
  return { method: 'chat.postMessage', body: JSON.stringify({ channel, text, metadata, thread_ts: thread }) };
}

/**
 * One call of the Web API. Deleting what is not there is done already.
 * @throws SendFailure by the table in `errors.ts`; ambiguous `bad_response` where Slack agrees but names no message.
 */
export async function send(prepared: PreparedCall, outgoing: Outgoing, context: SendContext): Promise<Receipt> {
  const body = { type: 'application/json; charset=utf-8', text: prepared.body } as const;
  const call = callSlack(prepared.method, body, outgoing.connection, context);
  if (outgoing.action.kind === 'create') {
    const { answer, status } = await call;
    return { ...posted(answer, status, outgoing), status };
  }
  // An edited or deleted message keeps its id.
  const changed = outgoing.action.nativeId ?? '';
  try {
    const { status } = await call;
    return { nativeId: changed, status };
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error;
    if (outgoing.action.kind === 'delete' && error.code === 'message_not_found')
      return { nativeId: changed, ...(error.status === undefined ? {} : { status: error.status }) };
    throw isElsewhere(changed, outgoing) && error.scope === 'destination'
      ? restated(error, { scope: 'message' })
      : error;
  }
}

/**
 * Where the post went. Slack puts a reply into the channel itself, without a word, where its root is gone; the message in
 * the answer then names no thread (slack-go/slack#1571).
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

/** Whether the message lies in a channel that the destination has since been moved away from. */
function isElsewhere(id: string, { destination }: Outgoing): boolean {
  return parseNativeId(id).channel !== readText(slackAddress, destination.address, 'channel');
}
