import { hmac, isFresh, isSignedBy, readHookJson, refuse } from '../inbound/verify.ts';
import { textAt } from '../http/json-path.ts';
import type { HookRequest, Inbound, ReceiveContext, Received } from '../contract/inbound.ts';
import type { HookConnection } from '../contract/context.ts';
import { history } from './history.ts';
import { openFile } from './files.ts';
import { readEvent } from './inbound-event.ts';

/**
 * Slack waits 3 s for the answer, and sends a request again that was answered with a 5xx (docs.slack.dev, "Using HTTP
 * request URLs").
 */
export const inbound: Inbound = {
  receive,
  unavailable: { status: 503 },
  roomOf: ({ channel }) => (typeof channel === 'string' ? channel : undefined),
  history,
  openFile,
  linkKey: (nativeId) => nativeId.split(':').slice(0, 2).join(':'),
};

const ok = { status: 200, body: {} } as const;

function receive(request: HookRequest, connection: HookConnection, { now }: ReceiveContext): Received {
  // An old certificate check of Slack is not signed and carries no event.
  if (/(?:^|&)ssl_check=1(?:&|$)/.test(request.body.subarray(0, 200).toString('latin1')))
    return { kind: 'answered', answer: ok };
  const refusal = verify(request, connection, now);
  if (refusal !== undefined) return refusal;
  const read = readHookJson(request);
  if ('not' in read) return read.not;
  const { json } = read;
  switch (json['type']) {
    case 'url_verification': {
      const challenge = textAt(json, 'challenge');
      return challenge === undefined
        ? { kind: 'unreadable', answer: ok, message: 'the handshake holds no challenge' }
        : { kind: 'answered', answer: { status: 200, body: { challenge } } };
    }
    case 'event_callback': {
      const event = readEvent(json, connection.id);
      return typeof event === 'string'
        ? { kind: 'unreadable', answer: ok, message: event }
        : { kind: 'events', events: [event], answer: ok };
    }
    default:
      return { kind: 'events', events: [{ ignored: 'unsupported_event' }], answer: ok };
  }
}

/** Verifies the HMAC-SHA256 of `v0:<timestamp>:<body>` (docs.slack.dev, "Verifying requests from Slack"). */
function verify({ headers, body }: HookRequest, { settings }: HookConnection, now: Date): Received | undefined {
  const signature = headers['x-slack-signature'];
  const timestamp = headers['x-slack-request-timestamp'];
  if (signature === undefined || timestamp === undefined)
    return refuse(401, 'missing_signature', 'the request is not signed');
  const secrets = (settings['signingSecrets'] ?? []) as readonly string[];
  if (!isSignedBy(signature, secrets, (secret) => `v0=${hmac('sha256', secret, 'hex', `v0:${timestamp}:`, body)}`))
    return refuse(401, 'bad_signature', 'the signature is of another secret, or of another body');
  // Checked after the signature, so that only a genuine sender learns that its clock is off.
  return isFresh(timestamp, now) ? undefined : refuse(401, 'stale', 'the signature is older or newer than 300 s');
}
