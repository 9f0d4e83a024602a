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
 * Makes the body. All actions have the same form: the message's type says what happened, and `refersTo` or `thread`
 * says to which message.
 * @throws SendFailure permanent `invalid_id` if a dot in the delivery's id would make the signed text ambiguous.
 */
export async function prepare({ delivery, message }: Outgoing): Promise<PreparedWebhook> {
  // The signature covers `id.timestamp.body`. A dot in the id would allow a second reading of it (Standard Webhooks
  // 1.0).
  if (delivery.includes('.'))
    throw new SendFailure({ kind: 'permanent', code: 'invalid_id', message: 'a webhook-id holds no dot' });
  return { body: webhookBody(message) };
}

/**
 * Makes one signed POST. Any 2xx counts as delivered, whatever its body. A webhook has no id of its own, so the receipt
 * contains the delivery id that was sent as `webhook-id`.
 * @throws SendFailure by `kindOfStatus`, or by `sendFailureOf` if no answer came.
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
        // One signature for each secret. A receiver accepts any of them, so that secrets can be replaced without a gap.
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
