import { hmac, isSignedBy, readHookJson, refuse } from '../inbound/verify.ts';
import type { HookRequest, Inbound, ReceiveContext, Received } from '../contract/inbound.ts';
import type { HookConnection } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { history } from './history.ts';
import { fetchMessage } from './fetch.ts';
import { openFile } from './files.ts';
import { readEvent } from './inbound-event.ts';
import { webexSettings } from './settings.ts';
import { subscriptions } from './subscriptions.ts';

/**
 * Webex says neither how long it waits nor whether it repeats a request. It switches off a webhook after a hundred
 * failures within five minutes (developer.webex.com, "Webhooks").
 */
export const inbound: Inbound = {
  receive,
  fetch: fetchMessage,
  history,
  openFile,
  subscriptions,
  unavailable: { status: 503 },
  roomOf: ({ roomId }) => (typeof roomId === 'string' ? roomId : undefined),
  // Only the message id. It is globally unique, and the event of a deletion does not say in which thread the message
  // was.
  linkKey: (nativeId) => nativeId.split(':')[1] ?? nativeId,
};

const ok = { status: 200, body: {} } as const;

function receive(request: HookRequest, connection: HookConnection, { now }: ReceiveContext): Received {
  const refusal = verify(request, connection);
  if (refusal !== undefined) return refusal;
  const read = readHookJson(request);
  if ('not' in read) return read.not;
  const event = readEvent(read.json, connection.settings, now);
  return typeof event === 'string'
    ? { kind: 'unreadable', answer: ok, message: event }
    : { kind: 'events', events: [event], answer: ok };
}

/**
 * Verifies the MAC of the body in lower-case hex (developer.webex.com, "Webhooks", "Handling Requests"). It covers no
 * time, so a replayed request cannot be detected here; its events have keys that are already known.
 */
function verify({ headers, body }: HookRequest, { settings }: HookConnection): Received | undefined {
  const isOld = readText(webexSettings, settings, 'signature') === 'sha1';
  const signature = isOld ? headers['x-spark-signature'] : headers['x-webex-signature']?.replace(/^sha256=/, '');
  if (signature === undefined) return refuse(401, 'missing_signature', 'the request is not signed');
  const secrets = (settings['webhookSecrets'] ?? []) as readonly string[];
  const algorithm = isOld ? 'sha1' : 'sha256';
  return isSignedBy(signature, secrets, (secret) => hmac(algorithm, secret, 'hex', body))
    ? undefined
    : refuse(401, 'bad_signature', 'the signature is of another secret, or of another body');
}
