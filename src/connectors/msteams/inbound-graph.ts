import { isSame, refuse } from '../inbound/verify.ts';
import { listAt, textAt } from '../http/json-path.ts';
import type { HookEvent, HookRequest, Received } from '../contract/inbound.ts';
import type { HookConnection } from '../contract/context.ts';
import { parseResource, resourcePath } from './graph-resource.ts';
import { keyOf } from './inbound-event.ts';
import { nativeId } from './native-id.ts';
import { clientStateOf, secretsOf } from './subscriptions.ts';

/**
 * Graph tries to deliver notifications for four hours before it reports that some were missed
 * (learn.microsoft.com/graph, "Receive change notifications", "Retries").
 */
const missedMs = 4 * 3_600_000;
/**
 * Graph expects a 2xx within 3 s, otherwise it repeats the request (learn.microsoft.com/graph, "Receive change
 * notifications").
 */
const taken = { status: 202, body: {} } as const;
const maxToken = 4_096;

/**
 * Handles a request of Graph. Returns undefined if the connection does not use Graph's events, or if the request is not
 * one of Graph's.
 */
export function receiveGraph(request: HookRequest, connection: HookConnection, now: Date): Received | undefined {
  if (connection.settings['graphEvents'] !== true) return undefined;
  const token = request.query.get('validationToken');
  if (token !== null) return validate(token);
  const items = itemsOf(request.body);
  if (items.length === 0) return undefined;
  const states = secretsOf(connection).map((secret) => clientStateOf(secret, connection));
  // Always compare all of them, so that the time does not tell which one matched.
  const isOurs = (item: unknown): boolean =>
    states.map((state) => isSame(textAt(item, 'clientState') ?? '', state)).includes(true);
  const ours = items.filter(isOurs);
  if (ours.length === 0) return refuse(401, 'bad_signature', 'the clientState is not what was asked for');
  const lifecycle = ours.flatMap((item) => textAt(item, 'lifecycleEvent') ?? []);
  const wants = {
    ...(lifecycle.length > 0 ? { wantsLook: true as const } : {}),
    ...(lifecycle.includes('missed') ? { missedSince: new Date(now.getTime() - missedMs) } : {}),
  };
  const events = [
    ...ours.map((item) => readNotification(item, now)),
    ...items.slice(ours.length).map((): HookEvent => ({ ignored: 'bad_client_state' })),
  ];
  return { kind: 'events', events, answer: taken, ...wants };
}

/**
 * Answers the handshake with the token as plain text (learn.microsoft.com/graph, "Receive change notifications",
 * "notificationUrl validation").
 */
function validate(token: string): Received {
  if (token.length > maxToken) return refuse(400, 'bad_request', 'the validation token is too long');
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
  return { kind: 'answered', answer: { status: 200, headers, body: token } };
}

function itemsOf(body: Buffer): readonly unknown[] {
  try {
    return listAt(JSON.parse(body.toString('utf8')), 'value');
  } catch {
    return [];
  }
}

/**
 * Reads a notification, which contains only ids. For a deletion they are enough; the content of new messages, edits and
 * reactions is fetched later. A new message has the same key as the bot's own activity about it, because both may
 * arrive.
 */
function readNotification(item: unknown, now: Date): HookEvent {
  if (textAt(item, 'lifecycleEvent') !== undefined) return { ignored: 'subscription_lifecycle' };
  const found = parseResource(textAt(item, 'resource') ?? '');
  if (found?.id === undefined) return { ignored: 'unsupported_event' };
  const { conversation, root, id } = found;
  const message = { conversation, id, ...(root === undefined ? {} : { root }) };
  const one = { room: conversation, nativeId: nativeId(message), at: now.toISOString() };
  const incomplete = { ...one, isIncomplete: true, fetchFrom: resourcePath(found) } as const;
  switch (textAt(item, 'changeType')) {
    case 'created':
      return { event: { ...incomplete, kind: 'created', key: keyOf('created', message) } };
    case 'updated': {
      const version = textAt(item, 'resourceData', '@odata.etag') ?? now.toISOString();
      return { event: { ...incomplete, kind: 'edited', key: keyOf('updated', message, version) } };
    }
    case 'deleted':
      return { event: { ...one, kind: 'deleted', key: keyOf('deleted', message) } };
    default:
      return { ignored: 'unsupported_event' };
  }
}
