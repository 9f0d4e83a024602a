import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing, Receipt, SendContext } from '../connector.ts';
import { readText } from '../fields.ts';
import { toMrkdwn } from './dialect.ts';
import { deliveryMarker } from './marker.ts';
import { slackAddress } from './settings.ts';
import { callSlack } from './web-api.ts';

export interface PreparedPost {
  readonly body: string;
}

/** @throws SendFailure permanent `no_text` where nothing is left to say: Slack would answer the same. */
export async function prepare({ message, destination, delivery }: Outgoing): Promise<PreparedPost> {
  const text = toMrkdwn(message.content.text);
  if (text === '')
    throw new SendFailure({ kind: 'permanent', code: 'no_text', message: 'the message has no text to post' });
  const channel = readText(slackAddress, destination.address, 'channel');
  return { body: JSON.stringify({ channel, text, metadata: deliveryMarker(delivery) }) };
}

/**
 * One chat.postMessage.
 * @throws SendFailure by the table in `errors.ts`; ambiguous `bad_response` where Slack agrees but names no message.
 */
export async function send(prepared: PreparedPost, { connection }: Outgoing, context: SendContext): Promise<Receipt> {
  const body = { type: 'application/json; charset=utf-8', text: prepared.body } as const;
  const { answer, status } = await callSlack('chat.postMessage', body, connection, context);
  const { channel, ts } = answer;
  if (typeof channel !== 'string' || typeof ts !== 'string')
    throw new SendFailure({
      kind: 'ambiguous',
      code: 'bad_response',
      message: 'Slack agreed but named no message',
      status,
    });
  return { nativeId: nativeId(channel, ts), status };
}

/** A message of Slack is known by channel and ts together; a ts alone is unique in its channel only. */
export function nativeId(channel: string, ts: string): string {
  return `${channel}:${ts}`;
}
