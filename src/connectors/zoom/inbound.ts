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
 * Zoom gives an answer 3 s, and sends again (after 5, 20 and 60 minutes) only what was answered with a 5xx or not at all:
 * a 4xx loses the event for good, 429 too (developers.zoom.us, "Using webhooks").
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
 * The challenge-response check, at the start and every 72 h; after six failures Zoom ends the subscription. It is
 * answered under the secret that the question was signed with: while one is changed, the other would be wrong.
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

/** `v0:<timestamp>:<body>` with HMAC-SHA256, over the bytes as they came. */
function sign({ headers, body }: HookRequest, secret: string): string {
  return `v0=${hmac('sha256', secret, 'hex', `v0:${headers['x-zm-request-timestamp'] ?? ''}:`, body)}`;
}

function verify(request: HookRequest, secrets: readonly string[], now: Date): Received | undefined {
  const timestamp = request.headers['x-zm-request-timestamp'];
  if (request.headers['x-zm-signature'] === undefined || timestamp === undefined)
    return refuse(401, 'missing_signature', 'the request is not signed');
  if (!isSignedBy(signatureOf(request), secrets, (secret) => sign(request, secret)))
    return refuse(401, 'bad_signature', 'the signature is of another secret, or of another body');
  // Zoom states no tolerance. After the signature: only Zoom itself learns that its clock is off.
  return isFresh(timestamp, now) ? undefined : refuse(401, 'stale', 'the signature is older or newer than 300 s');
}
