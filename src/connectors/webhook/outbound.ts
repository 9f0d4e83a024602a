import { Webhook } from 'standardwebhooks';
import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing, Receipt, SendContext } from '../contract/connector.ts';
import type { Values } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { failureOfStatus } from '../http/answer.ts';
import { sendFailureOf } from '../http/error.ts';
import { webhookBody } from './body.ts';

export interface PreparedWebhook {
  readonly body: string;
}

/**
 * All three actions are told the same way: the message's type says what happened, `refersTo` and `thread` to what.
 * @throws SendFailure permanent `invalid_id` where the delivery's id would make the signed text ambiguous.
 */
export async function prepare({ delivery, message }: Outgoing): Promise<PreparedWebhook> {
  // The signature covers `id.timestamp.body`; with a dot in the id it could be read in two ways (Standard Webhooks 1.0).
  if (delivery.includes('.'))
    throw new SendFailure({ kind: 'permanent', code: 'invalid_id', message: 'a webhook-id holds no dot' });
  return { body: webhookBody(message) };
}

/**
 * One signed POST. Any 2xx is the receipt, whatever its body; a webhook has no id of its own, so the receipt names the
 * delivery id that was sent as `webhook-id`.
 * @throws SendFailure by `kindOfStatus`, or by `sendFailureOf` where no answer came.
 */
export async function send(prepared: PreparedWebhook, outgoing: Outgoing, context: SendContext): Promise<Receipt> {
  const { connection, destination, delivery } = outgoing;
  const secrets = signingSecrets(connection.settings);
  const response = await context.http
    .request({
      method: 'POST',
      url: readText([], destination.address, 'url'),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Carillon',
        'webhook-id': delivery,
        'webhook-timestamp': String(Math.floor(context.now.getTime() / 1_000)),
        // One signature for each secret: the receiver accepts any, which is how secrets are changed.
        'webhook-signature': secrets
          .map((secret) => new Webhook(secret).sign(delivery, context.now, prepared.body))
          .join(' '),
        'carillon-attempt': String(context.attempt),
      },
      body: prepared.body,
      timeoutMs: context.timeoutMs,
      signal: context.signal,
    })
    .catch((error: unknown) => {
      throw sendFailureOf(error);
    });
  if (response.status >= 200 && response.status < 300) return { nativeId: delivery, status: response.status };
  throw failureOfStatus(response, context.now, secrets);
}

function signingSecrets(settings: Values): string[] {
  const { secrets } = settings;
  if (!Array.isArray(secrets)) throw new Error('a webhook connection has a list of secrets');
  return secrets.map(String);
}
