import { randomUUID } from 'node:crypto';
import { request as call } from 'undici';
import type { Answer, Hook, Decision, SimulatedRequest } from '../kit/simulator.ts';
import { shown } from './graph.ts';
import { refused, type Held, type TeamsEvent } from './posts.ts';

/** A subscription as it was created (learn.microsoft.com/graph, subscription resource). */
export interface GraphSubscription {
  readonly id: string;
  readonly resource: string;
  readonly changeType: string;
  readonly notificationUrl: string;
  readonly lifecycleNotificationUrl: string;
  readonly clientState: string;
  readonly expirationDateTime: string;
}

/** A change of a subscription as the journal holds it. Null means that the subscription was deleted. */
export interface SubscriptionEvent {
  readonly kind: 'subscription';
  readonly id: string;
  readonly subscription: GraphSubscription | null;
}

type Body = Readonly<Record<string, unknown>>;
type Result = Decision<TeamsEvent | SubscriptionEvent>;

/** The longest life of a subscription to messages (the same page, "Subscription lifetime"). */
const maxLifetimeMs = 3_600_000;
const validationMs = 10_000;
/**
 * Waits in milliseconds. Graph tries a notification for four hours at growing intervals ("Receive change
 * notifications"); the simulator stops after about 11 minutes.
 */
const schedule = [1_000, 10_000, 60_000, 600_000];
const places =
  /^\/?(?:teams\/[\w-]+\/channels\/(19:[\w-]+@thread\.tacv2)|chats\/(19:[\w-]+@thread\.v2))\/messages(?:\/(\d+)(?:\/replies\/(\d+))?)?$/;

/** Graph's change notifications: keeps the subscriptions and makes their notifications. */
export function createSubscriptions() {
  const all = new Map<string, GraphSubscription>();
  let aheadMs = 0;
  const now = (): number => Date.now() + aheadMs;
  const live = (): GraphSubscription[] =>
    [...all.values()].filter(({ expirationDateTime }) => Date.parse(expirationDateTime) > now());

  function expiry(body: Body): string | undefined {
    const at = Date.parse(String(body['expirationDateTime']));
    return at > now() && at <= now() + maxLifetimeMs ? new Date(at).toISOString() : undefined;
  }

  function create(body: Body): Result {
    const text = (key: string): string => (typeof body[key] === 'string' ? body[key] : '');
    const expirationDateTime = expiry(body);
    if (expirationDateTime === undefined)
      return refused(400, 'ValidationError', 'Subscription expiration can only be 60 minutes in the future.');
    if (!places.test(decodeURIComponent(text('resource'))))
      return refused(400, 'ExtensionError', 'Operation: Create; Exception: [Status Code: NotFound]');
    const subscription: GraphSubscription = {
      id: randomUUID(),
      resource: text('resource'),
      changeType: text('changeType'),
      notificationUrl: text('notificationUrl'),
      lifecycleNotificationUrl: text('lifecycleNotificationUrl'),
      clientState: text('clientState'),
      expirationDateTime,
    };
    const event = { kind: 'subscription', id: subscription.id, subscription } as const;
    return { event, answer: { status: 201, body: subscription } };
  }

  function change(request: SimulatedRequest, id: string): Result {
    const found = live().find((one) => one.id === id);
    if (found === undefined) return refused(404, 'ResourceNotFound', 'The object was not found.');
    if (request.method === 'DELETE')
      return { event: { kind: 'subscription', id, subscription: null }, answer: { status: 204 } };
    if (request.method !== 'PATCH') return refused(405, 'BadRequest', 'Method not allowed.');
    const expirationDateTime = expiry(bodyOf(request));
    if (expirationDateTime === undefined)
      return refused(400, 'ValidationError', 'Subscription expiration can only be 60 minutes in the future.');
    const subscription = { ...found, expirationDateTime };
    return { event: { kind: 'subscription', id, subscription }, answer: { status: 200, body: subscription } };
  }

  return {
    /**
     * Answers `/subscriptions` and `/subscriptions/{id}` for a caller whose token was checked. A list shows no
     * `clientState`.
     */
    handle(request: SimulatedRequest): Result {
      const id = request.path.split('/')[4];
      if (id !== undefined) return change(request, decodeURIComponent(id));
      if (request.method === 'POST') return create(bodyOf(request));
      const value = live().map((one) => ({ ...one, clientState: null }));
      return { answer: { status: 200, body: { value } } };
    },
    commit({ id, subscription }: SubscriptionEvent): void {
      if (subscription === null) all.delete(id);
      else all.set(id, subscription);
    },
    list: (): readonly GraphSubscription[] => live(),
    /** Sets by how many milliseconds the clock that ends subscriptions is ahead of the real one. */
    setClock(ms: number): void {
      aheadMs = ms;
    },
    /**
     * Returns the notifications of a change, also of the app's own messages. `found` is the message after the change.
     */
    hooks: (event: TeamsEvent, found: Held): Hook[] => live().flatMap((one) => notification(one, event, found)),
    /**
     * Returns a lifecycle notification for each subscription. `subscriptionRemoved` also deletes all subscriptions
     * (learn.microsoft.com/graph, "Lifecycle notifications").
     */
    lifecycle(lifecycleEvent: string): Hook[] {
      const told = live();
      if (lifecycleEvent === 'subscriptionRemoved') all.clear();
      return told.map((one) => {
        const { id: subscriptionId, clientState, resource, expirationDateTime } = one;
        const item = { subscriptionId, clientState, resource, tenantId: 'tenant-sim', lifecycleEvent };
        const value = [{ ...item, subscriptionExpirationDateTime: expirationDateTime }];
        return hook(one.lifecycleNotificationUrl, value);
      });
    },
  };
}

/**
 * Validates the address of a new subscription: within 10 s it must answer with the token, as plain text. Otherwise
 * returns the refusal.
 */
export async function validateAddress(request: SimulatedRequest): Promise<Answer | undefined> {
  if (request.method !== 'POST' || !/^\/graph\/v1\.0\/subscriptions$/.test(request.path)) return undefined;
  const refusal = refused(400, 'ValidationError', 'Subscription validation request failed.').answer;
  const token = `Validation: Testing client application reachability for subscription Request-Id: ${randomUUID()} + ä&=`;
  const url = String(bodyOf(request)['notificationUrl']);
  try {
    const query = `validationToken=${encodeURIComponent(token)}`;
    const answer = await call(`${url}${url.includes('?') ? '&' : '?'}${query}`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      headersTimeout: validationMs,
    });
    const isText = String(answer.headers['content-type']).startsWith('text/plain');
    return answer.statusCode === 200 && isText && (await answer.body.text()) === token ? undefined : refusal;
  } catch {
    // Graph refuses an address that cannot be reached in the same way.
    return refusal;
  }
}

/** GET of one message or reply by an app with a token. Returns undefined for any other path. */
export function readOne(
  { path }: SimulatedRequest,
  postsOf: (conversation: string) => readonly Held[],
): Decision<TeamsEvent> | undefined {
  const [, channel, chat, message, reply] = places.exec(decodeURIComponent(path.replace('/graph/v1.0', ''))) ?? [];
  const id = reply ?? message;
  if (id === undefined) return undefined;
  const found = postsOf(channel ?? chat ?? '').find((one) => one.id === id);
  return found === undefined ? refused(404, 'NotFound', 'NotFound') : { answer: { status: 200, body: shown(found) } };
}

function notification(subscription: GraphSubscription, event: TeamsEvent, found: Held): Hook[] {
  const changeType = { post: 'created', delete: 'deleted' }[event.kind as string] ?? 'updated';
  const [, channel, chat] = places.exec(decodeURIComponent(subscription.resource)) ?? [];
  if ((channel ?? chat) !== found.conversation || !subscription.changeType.split(',').includes(changeType)) return [];
  const { id, root } = found;
  const [, team = ''] = /teams\/([\w-]+)/.exec(subscription.resource) ?? [];
  const place = chat === undefined ? `teams('${team}')/channels('${channel}')` : `chats('${chat}')`;
  const isReply = root !== undefined && root !== id;
  const resource = `${place}/messages('${isReply ? root : id}')${isReply ? `/replies('${id}')` : ''}`;
  const etag = 'at' in event ? String(Date.parse(event.at)) : id;
  const item = {
    subscriptionId: subscription.id,
    changeType,
    clientState: subscription.clientState,
    subscriptionExpirationDateTime: subscription.expirationDateTime,
    resource,
    resourceData: { id, '@odata.type': '#Microsoft.Graph.chatMessage', '@odata.id': resource, '@odata.etag': etag },
    tenantId: 'tenant-sim',
  };
  return [hook(subscription.notificationUrl, [item])];
}

function hook(url: string, value: readonly object[]): Hook {
  const body = JSON.stringify({ value });
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return { url, schedule, timeoutMs: 3_000, isSentAgain: () => true, make: () => ({ headers, body }) };
}

function bodyOf({ body }: SimulatedRequest): Body {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Body) : {};
  } catch {
    // A request with an unreadable body is refused for the fields that it lacks.
    return {};
  }
}
