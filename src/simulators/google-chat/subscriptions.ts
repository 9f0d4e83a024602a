import { randomUUID } from 'node:crypto';
import type { Decision, SimulatedRequest } from '../kit/simulator.ts';
import type { Said } from './events.ts';
import { agreed, readJson, refused } from './messages.ts';

/**
 * A subscription as the Workspace Events API shows it (developers.google.com/workspace/events, REST resource:
 * subscriptions).
 */
interface WorkspaceSubscription {
  /** In the form `subscriptions/X`. */
  readonly name: string;
  readonly targetResource: string;
  readonly eventTypes: readonly string[];
  readonly notificationEndpoint: { readonly pubsubTopic: string };
  readonly payloadOptions: { readonly includeResource: boolean };
  readonly state: 'ACTIVE' | 'SUSPENDED';
  readonly suspensionReason?: string;
  readonly expireTime: string;
}

/** A change of a subscription as the journal holds it. Null means that the subscription was deleted. */
export interface WorkspaceChange {
  readonly kind: 'subscription';
  readonly name: string;
  readonly subscription: WorkspaceSubscription | null;
}

type Body = Readonly<Record<string, unknown>>;
type Result = Decision<WorkspaceChange>;

const target = /^\/\/chat\.googleapis\.com\/(spaces\/AAAA[\w-]*)$/;
const known = /^google\.workspace\.chat\.(?:message|reaction|membership|space)\.v1\.\w+$/;
const spoken = 'google.workspace.events.subscription.v1.';
const hour = 3_600_000;
/**
 * The longest life of a subscription whose events include the resource, and of one whose events do not ("Update or
 * renew a Google Workspace subscription").
 */
const longestMs = { with: 4 * hour, without: 7 * 24 * hour };
/**
 * Largest page of this simulator, so that a client has to read a second page. The API may return fewer subscriptions
 * than a client asks for.
 */
const largestPage = 2;

/** The subscriptions of the Workspace Events API, for one app and one person. */
export function createWorkspaceEvents() {
  const all = new Map<string, WorkspaceSubscription>();
  let aheadMs = 0;
  const now = (): number => Date.now() + aheadMs;
  const live = (): WorkspaceSubscription[] =>
    [...all.values()].filter(({ expireTime }) => Date.parse(expireTime) > now());

  /**
   * Returns when a subscription with this `ttl` (such as `3600s`) expires. Without a ttl, or with 0 s, it lives as long
   * as possible. Returns undefined when the ttl is unreadable or too long.
   */
  function expiry({ ttl = '0s' }: Body, includeResource: boolean): string | undefined {
    const longest = includeResource ? longestMs.with : longestMs.without;
    const seconds = Number(/^(\d+(?:\.\d+)?)s$/.exec(String(ttl))?.[1] ?? Number.NaN);
    return seconds * 1_000 <= longest ? new Date(now() + (seconds * 1_000 || longest)).toISOString() : undefined;
  }

  function create(body: Body): Result {
    const { targetResource, eventTypes, notificationEndpoint, payloadOptions } = body as Partial<WorkspaceSubscription>;
    const includeResource = payloadOptions?.includeResource === true;
    const expireTime = expiry(body, includeResource);
    const isGood =
      target.test(String(targetResource)) &&
      Array.isArray(eventTypes) &&
      eventTypes.length > 0 &&
      eventTypes.every((type) => known.test(String(type))) &&
      /^projects\/[^/]+\/topics\/[^/]+$/.test(String(notificationEndpoint?.pubsubTopic));
    if (!isGood || expireTime === undefined)
      return refused('INVALID_ARGUMENT', 'Request contains an invalid argument.');
    if (live().some((one) => one.targetResource === targetResource))
      return refused('ALREADY_EXISTS', 'Requested entity already exists');
    return done({
      name: `subscriptions/chat-spaces-${randomUUID()}`,
      targetResource: String(targetResource),
      eventTypes: eventTypes as string[],
      notificationEndpoint: { pubsubTopic: String(notificationEndpoint?.pubsubTopic) },
      payloadOptions: { includeResource },
      state: 'ACTIVE',
      expireTime,
    });
  }

  function list({ query }: SimulatedRequest): Result {
    const types = [...(query.get('filter') ?? '').matchAll(/event_types:"([^"]+)"/g)].map(([, type = '']) => type);
    if (types.length === 0) return refused('INVALID_ARGUMENT', 'The filter must name at least one event type.');
    const found = live().filter(({ eventTypes }) => types.some((type) => eventTypes.includes(type)));
    const from = Number(query.get('pageToken') ?? 0);
    const more = from + largestPage < found.length ? { nextPageToken: String(from + largestPage) } : {};
    return agreed({ subscriptions: found.slice(from, from + largestPage), ...more });
  }

  function change({ method, query, body }: SimulatedRequest, name: string, verb: string | undefined): Result {
    const found = live().find((one) => one.name === name);
    if (found === undefined) return refused('NOT_FOUND', 'Requested entity was not found.');
    if (method === 'DELETE')
      return {
        event: { kind: 'subscription', name, subscription: null },
        answer: { status: 200, body: { done: true } },
      };
    if (method === 'POST' && verb === 'reactivate') {
      const { suspensionReason: _, ...rest } = found;
      return found.state === 'SUSPENDED'
        ? done({ ...rest, state: 'ACTIVE' })
        : refused('FAILED_PRECONDITION', 'The subscription is not suspended.');
    }
    if (method !== 'PATCH' || verb !== undefined)
      return { answer: { status: 405, body: 'the simulator has no such method' } };
    const expireTime = expiry(readJson(body), found.payloadOptions.includeResource);
    return query.get('updateMask') === 'ttl' && expireTime !== undefined
      ? done({ ...found, expireTime })
      : refused('INVALID_ARGUMENT', 'Request contains an invalid argument.');
  }

  return {
    /**
     * Answers `/subscriptions`, `/subscriptions/{id}` and `/subscriptions/{id}:reactivate`. Each call needs the token
     * of a person; an app's own token is refused.
     */
    handle(request: SimulatedRequest, isPerson: boolean): Result {
      if (!isPerson) return refused('PERMISSION_DENIED', 'Request had insufficient authentication scopes.');
      const [, name, verb] = /^\/events\/v1\/(subscriptions\/[^/:]+)(?::(\w+))?$/.exec(request.path) ?? [];
      if (name !== undefined) return change(request, name, verb);
      return request.method === 'POST' ? create(readJson(request.body)) : list(request);
    },
    commit({ name, subscription }: WorkspaceChange): void {
      if (subscription === null) all.delete(name);
      else all.set(name, subscription);
    },
    list: (): readonly WorkspaceSubscription[] => live(),
    isTold: (topic: string, space: string): boolean =>
      live().some(
        (one) =>
          one.state === 'ACTIVE' &&
          one.notificationEndpoint.pubsubTopic === topic &&
          target.exec(one.targetResource)?.[1] === space,
      ),
    /** Sets by how many milliseconds the clock that ends subscriptions is ahead of the real one. */
    setClock(ms: number): void {
      aheadMs = ms;
    },
    /**
     * Lets a lifecycle event happen to all subscriptions and returns it for each. `expired` also deletes them ("Receive
     * and respond to lifecycle events").
     */
    lifecycle(event: string): (Said & { readonly topic: string })[] {
      return live().map((one) => {
        const subscription = event === 'suspended' ? suspended(one) : one;
        if (event === 'expired') all.delete(one.name);
        else all.set(one.name, subscription);
        const source = `//workspaceevents.googleapis.com/${one.name}`;
        const at = new Date().toISOString();
        const said = { id: randomUUID(), source, subject: source, type: spoken + event, at, data: { subscription } };
        return { ...said, topic: one.notificationEndpoint.pubsubTopic };
      });
    },
  };
}

const suspended = (one: WorkspaceSubscription): WorkspaceSubscription => ({
  ...one,
  state: 'SUSPENDED',
  suspensionReason: 'ENDPOINT_PERMISSION_DENIED',
});

/** An operation that is complete in its first answer (google.longrunning.Operation). */
function done(subscription: WorkspaceSubscription): Result {
  const response = { '@type': 'type.googleapis.com/google.apps.events.subscriptions.v1.Subscription', ...subscription };
  const event = { kind: 'subscription', name: subscription.name, subscription } as const;
  return { event, answer: { status: 200, body: { name: `operations/${randomUUID()}`, done: true, response } } };
}
