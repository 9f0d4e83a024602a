import type { Decision, RunningSimulator, SimulatedRequest, Simulator } from '../kit/simulator.ts';
import { controlBody, ControlError } from '../kit/control-body.ts';
import { eventsOf, type Subscription } from './events.ts';
import { readGraph } from './graph.ts';
import { createIdentity, issueToken, publish } from './identity.ts';
import { takeTurn, type Limits } from './limits.ts';
import { act, members, roomMessage } from './people.ts';
import { createSubscriptions, readOne, validateAddress, type SubscriptionEvent } from './subscriptions.ts';
import { apply, nextId, readMessage, refused, type Held, type TeamsEvent } from './posts.ts';

/** One call of the connector API on a conversation that exists. */
interface Call {
  readonly request: SimulatedRequest;
  readonly conversation: string;
  /** The thread that the conversation's id names; undefined when it names none. */
  readonly root: string | undefined;
  readonly posts: readonly Held[];
}

const codeOfStatus: Readonly<Record<number, string>> = {
  412: 'PreconditionFailed',
  429: 'Throttled',
  500: 'ServiceError',
};

/**
 * The part of the Bot Framework that Carillon calls: tokens below `/msteams/login`, signing keys below
 * `/msteams/openid`, the Bot Connector below `/msteams/service`, and Microsoft Graph below `/msteams/graph/v1.0`.
 * Channels are `19:…@thread.tacv2`, chats are `19:…@thread.v2`; every conversation of this form exists.
 */
export const msteamsSimulator: Simulator = {
  name: 'msteams',
  start(send): RunningSimulator {
    const conversations = new Map<string, Held[]>();
    const identity = createIdentity();
    const graph = createSubscriptions();
    const limits: Limits = { enabled: false, sent: new Map() };
    let generation = 1;
    let subscriptions: readonly Subscription[] = [];
    const postsOf = (conversation: string): readonly Held[] => conversations.get(conversation) ?? [];

    function create(request: SimulatedRequest): Decision<TeamsEvent> {
      const { channelData, activity } = bodyOf(request) as {
        channelData?: { channel?: { id?: unknown } };
        activity?: unknown;
      };
      const conversation = channelData?.channel?.id;
      if (typeof conversation !== 'string' || activity === undefined) return refused(400, 'BadArgument');
      if (!isConversation(conversation)) return refused(404, 'ConversationNotFound');
      const message = readMessage(activity);
      if ('answer' in message) return message;
      const posts = postsOf(conversation);
      const id = nextId(posts, request.now);
      const thread = `${conversation};messageid=${id}`;
      const limited = takeTurn(limits, conversation, request.now);
      if (limited !== undefined) return limited;
      const answer = { status: 201, body: { id: thread, activityId: id } };
      return { event: { kind: 'post', conversation, id, root: id, ...message }, answer };
    }

    /** Posts into the thread that the conversation's id names. A post to a chat has no thread. */
    function post({ request, conversation, root, posts }: Call): Decision<TeamsEvent> {
      const message = readMessage(bodyOf(request));
      if ('answer' in message) return message;
      if (root !== undefined && !posts.some(({ id }) => id === root)) return refused(404, 'ConversationNotFound');
      const limited = takeTurn(limits, `${conversation} ${root}`, request.now);
      if (limited !== undefined) return limited;
      const id = nextId(posts, request.now);
      const thread = conversation.endsWith('@thread.v2') ? {} : { root: root ?? id };
      return {
        event: { kind: 'post', conversation, id, ...thread, ...message },
        answer: { status: 201, body: { id } },
      };
    }

    function handleGraph(request: SimulatedRequest): Decision<TeamsEvent | SubscriptionEvent> {
      const isKnown = (request.headers['authorization'] ?? '').startsWith(`Bearer graph.${generation}.`);
      if (isKnown && request.path.startsWith('/graph/v1.0/subscriptions')) return graph.handle(request);
      return (isKnown ? readOne(request, postsOf) : undefined) ?? readGraph(request, generation, postsOf);
    }

    return {
      ask: validateAddress,
      handle(request): Decision<TeamsEvent | SubscriptionEvent> {
        const known = publish(request, identity);
        if (known !== undefined) return known;
        if (/^\/login\/[^/]+\/oauth2\/v2\.0\/token$/.test(request.path)) return issueToken(request, generation);
        if (request.path.startsWith('/graph/')) return handleGraph(request);
        const file = /^\/files\/([^/]+)$/.exec(request.path)?.[1];
        if (file !== undefined) return download(request, [...conversations.values()].flat(), file);
        const [, path] = /^\/service\/v3\/conversations(\/.*)?$/.exec(request.path) ?? [];
        if (!request.path.startsWith('/service/v3/conversations')) return refused(404, 'NotFound');
        if (!new RegExp(`^Bearer sim\\.${generation}\\.`).test(request.headers['authorization'] ?? ''))
          return refused(401, 'Unauthorized', 'Authorization has been denied for this request.');
        if (path === undefined) return request.method === 'POST' ? create(request) : refused(405, 'BadSyntax');
        const [id = '', what = '', which] = path.slice(1).split('/').map(decodeURIComponent);
        const [conversation = '', root] = id.split(';messageid=');
        if (!isConversation(conversation)) return refused(404, 'ConversationNotFound');
        if (what === 'members' || what === 'pagedmembers') return roster(request, what, which);
        const call: Call = { request, conversation, root, posts: postsOf(conversation) };
        if (what !== 'activities') return refused(404, 'NotFound');
        return request.method === 'POST' ? post(call) : change(call, which ?? '');
      },
      act: (action, now) => act(action, postsOf(action.room), nextId(postsOf(action.room), now), now),
      room: (room) => postsOf(room).map(roomMessage),
      hooks(event) {
        const happened = event as TeamsEvent | SubscriptionEvent;
        if (happened.kind === 'subscription') return [];
        const posts = postsOf(happened.conversation);
        const found = posts.find(({ id }) => id === happened.id);
        const notifications = found === undefined ? [] : graph.hooks(happened, found);
        return [...eventsOf(happened, posts, subscriptions, identity), ...notifications];
      },
      commit(event) {
        const happened = event as TeamsEvent | SubscriptionEvent;
        if (happened.kind === 'subscription') return graph.commit(happened);
        const posts = conversations.get(happened.conversation) ?? [];
        conversations.set(happened.conversation, posts);
        apply(posts, happened);
      },
      accepted: () => ({ conversations: Object.fromEntries(conversations), subscriptions: graph.list() }),
      controls: {
        /**
         * `{"subscriptions": [{"url", "appId", "secret"?}]}`: sets who gets activities from now on. With a secret it is
         * an outgoing webhook, otherwise a bot.
         */
        subscribe(value) {
          subscriptions = controlBody(value)['subscriptions'] as readonly Subscription[];
          return { subscriptions: subscriptions.length };
        },
        /**
         * `{"event": "reauthorizationRequired" | "subscriptionRemoved" | "missed"}`: Graph reports this for all its
         * subscriptions.
         */
        lifecycle(value) {
          const hooks = graph.lifecycle(String(controlBody(value)['event']));
          send(hooks);
          return { told: hooks.length };
        },
        /** `{"aheadMs": 0}`: how many milliseconds the clock that ends subscriptions is ahead of the real one. */
        clock(value) {
          const aheadMs = Number(controlBody(value)['aheadMs']);
          graph.setClock(aheadMs);
          return { aheadMs };
        },
        /** Ends every access token that was issued. */
        revoke() {
          generation += 1;
          return { generation };
        },
        limits(value) {
          const { enabled = true } = controlBody(value);
          if (typeof enabled !== 'boolean') throw new ControlError('/enabled', 'must be true or false');
          limits.enabled = enabled;
          limits.sent.clear();
          return { enabled };
        },
      },
      faultBody: (status) =>
        codeOfStatus[status] === undefined ? undefined : { error: { code: codeOfStatus[status], message: 'scripted' } },
    };
  },
};

function isConversation(id: string): boolean {
  return /^19:[\w-]+@thread\.(?:tacv2|v2)$/.test(id);
}

/**
 * Answers a GET of a file. The file store is no part of the Bot Connector: it knows no token but the one in its
 * addresses.
 */
function download({ query }: SimulatedRequest, posts: readonly Held[], id: string): Decision<TeamsEvent> {
  const file = posts.find((one) => one.id === id && one.deleted !== true)?.file;
  if (query.get('tempauth') !== 'sim') return { answer: { status: 401, body: '401 UNAUTHORIZED' } };
  if (file === undefined) return { answer: { status: 404, body: '404 FILE NOT FOUND' } };
  const headers = { 'content-type': file.mediaType };
  return { answer: { status: 200, headers, body: Buffer.from(file.base64, 'base64') } };
}

/** PUT and DELETE, for the bot's own posts only. */
function change({ request, conversation, posts }: Call, id: string): Decision<TeamsEvent> {
  const found = posts.find((one) => one.id === id && one.deleted !== true);
  if (found === undefined) return refused(404, 'ActivityNotFoundInConversation');
  if (found.user !== undefined) return refused(403, 'ForbiddenOperationException');
  const at = request.now.toISOString();
  if (request.method === 'DELETE')
    return { event: { kind: 'delete', conversation, id, at }, answer: { status: 200, body: '' } };
  if (request.method !== 'PUT') return refused(405, 'BadSyntax');
  const message = readMessage(bodyOf(request));
  if ('answer' in message) return message;
  return { event: { kind: 'edit', conversation, id, at, ...message }, answer: { status: 200, body: { id } } };
}

/** Get Conversation Member, and Paged Members with a token for the next page (bot-docs, "API reference"). */
function roster({ query }: SimulatedRequest, what: string, which: string | undefined): Decision<TeamsEvent> {
  const all = members() as { id: string }[];
  if (what === 'members') {
    const found = all.find(({ id }) => id === which);
    return found === undefined
      ? refused(404, 'MemberNotFoundInConversation')
      : { answer: { status: 200, body: found } };
  }
  const start = Number(query.get('continuationToken') ?? 0);
  // Two members a page, so that a client has to read a second page.
  const page = all.slice(start, start + 2);
  const more = start + 2 < all.length ? { continuationToken: String(start + 2) } : {};
  return { answer: { status: 200, body: { members: page, ...more } } };
}

/**
 * Returns the JSON body, or an empty object when it is unreadable: the request is then refused for the fields that it
 * lacks.
 */
function bodyOf({ body }: SimulatedRequest): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
