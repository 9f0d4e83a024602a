import { hmac, isFresh, isSignedBy, readHookJson, refuse } from '../inbound/verify.ts';
import { at, textAt } from '../http/json-path.ts';
import type { HookRequest, Inbound, ReceiveContext, Received } from '../contract/inbound.ts';
import type { HookConnection } from '../contract/context.ts';
import { history } from './history.ts';
import { complete } from './fetch.ts';
import { openFile } from './files.ts';
import { readEvent } from './inbound-event.ts';
import { linkKey } from './native-id.ts';

/**
 * Zoom waits 3 s for the answer. It sends a request again, after 5, 20 and 60 minutes, only if the answer was a 5xx or
 * missing. After a 4xx, 429 included, the event is lost (developers.zoom.us, "Using webhooks").
 */
export const inbound: Inbound = {
  receive,
  unavailable: { status: 503 },
  roomOf: ({ channel }) => (typeof channel === 'string' ? channel : undefined),
  linkKey,
  fetch: complete,
  history,
  openFile,
};

const ok = { status: 200, body: {} } as const;

function receive(request: HookRequest, connection: HookConnection, { now }: ReceiveContext): Received {
  const secrets = (connection.settings['secretTokens'] ?? []) as readonly string[];
  const refusal = verify(request, secrets, now);
  if (refusal !== undefined) return refusal;
  const read = readHookJson(request);
  if ('not' in read) return read.not;
  const { json } = read;
  const name = textAt(json, 'event');
  if (name === 'endpoint.url_validation') return handshake(json, request, secrets);
  if (name === undefined) return { kind: 'unreadable', answer: ok, message: 'the body names no event' };
  const event = readEvent(name, json, connection);
  return typeof event === 'string'
    ? { kind: 'unreadable', answer: ok, message: event }
    : { kind: 'events', events: [event], answer: ok };
}

/**
 * Answers the challenge-response check, which Zoom makes at the start and every 72 h; after six failures it ends the
 * subscription. The answer uses the secret with which the request was signed, because while secrets are being replaced
 * the other one would be wrong.
 */
function handshake(json: unknown, request: HookRequest, secrets: readonly string[]): Received {
  const plainToken = at(json, 'payload', 'plainToken');
  const secret = secrets.find((one) => isSignedBy(signatureOf(request), [one], (key) => sign(request, key)));
  if (typeof plainToken !== 'string' || plainToken.length > 1_000 || secret === undefined)
    return { kind: 'unreadable', answer: ok, message: 'the handshake holds no plainToken' };
  const encryptedToken = hmac('sha256', secret, 'hex', plainToken);
  return { kind: 'answered', answer: { status: 200, body: { plainToken, encryptedToken } } };
}

const signatureOf = ({ headers }: HookRequest): string => headers['x-zm-signature'] ?? '';

/** The HMAC-SHA256 of `v0:<timestamp>:<body>`, over the raw bytes. */
function sign({ headers, body }: HookRequest, secret: string): string {
  return `v0=${hmac('sha256', secret, 'hex', `v0:${headers['x-zm-request-timestamp'] ?? ''}:`, body)}`;
}

function verify(request: HookRequest, secrets: readonly string[], now: Date): Received | undefined {
  const timestamp = request.headers['x-zm-request-timestamp'];
  if (request.headers['x-zm-signature'] === undefined || timestamp === undefined)
    return refuse(401, 'missing_signature', 'the request is not signed');
  if (!isSignedBy(signatureOf(request), secrets, (secret) => sign(request, secret)))
    return refuse(401, 'bad_signature', 'the signature is of another secret, or of another body');
  // Zoom states no tolerance, so ours applies. Checked after the signature, so that only a genuine sender learns that
  // its clock is off.
  return isFresh(timestamp, now) ? undefined : refuse(401, 'stale', 'the signature is older or newer than 300 s');
}
