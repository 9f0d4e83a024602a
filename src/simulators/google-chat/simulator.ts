import type { Decision, RunningSimulator, Simulator } from '../kit/simulator.ts';
import { controlBody, ControlError } from '../kit/control-body.ts';
import { accountControl, isAuthorized, isOfPerson, revokeControl, token, type TokenRules } from './account.ts';
import { create, get, patch, remove, type Call } from './calls.ts';
import { eventsOf, pushed, type Subscription } from './events.ts';
import { listEvents } from './history.ts';
import { createIssuerKeys } from './keys.ts';
import { agreed, apply, errorBody, readJson, refused, type ChatEvent, type Held } from './messages.ts';
import { act, roomMessage } from './people.ts';
import { createWorkspaceEvents, type WorkspaceChange } from './subscriptions.ts';

interface Limits {
  perSpaceMs: number;
  readonly lastWrite: Map<string, number>;
}

/**
 * The part of the Chat API that Carillon calls, below `/google-chat/v1/`; the token endpoint, `/google-chat/token`;
 * Google's public keys, `/google-chat/keys/jwks` and `/google-chat/keys/x509`; and the subscriptions of the Workspace
 * Events API, below `/google-chat/events/v1/`. A space exists when its id begins with `AAAA`.
 */
export const googleChatSimulator: Simulator = {
  name: 'google-chat',
  start(send): RunningSimulator {
    const spaces = new Map<string, Held[]>();
    /** For each space, everything that happened in it, oldest first. */
    const logs = new Map<string, ChatEvent[]>();
    const limits: Limits = { perSpaceMs: 0, lastWrite: new Map() };
    const tokens: TokenRules = { validFromMs: 0 };
    const keys = createIssuerKeys();
    let remembers = true;
    const workspace = createWorkspaceEvents();
    let subscriptions: readonly Subscription[] = [];
    const heldOf = (space: string): readonly Held[] => spaces.get(space) ?? [];
    return {
      handle(request): Decision<ChatEvent | WorkspaceChange> {
        if (request.path === '/token') return token(request);
        if (request.path === '/keys/jwks') return agreed(keys.jwks());
        if (request.path === '/keys/x509') return agreed(keys.x509());
        if (!isAuthorized(request, tokens))
          return refused('UNAUTHENTICATED', 'Request had invalid authentication credentials.');
        const [, ofEvents] = /^\/v1\/(spaces\/AAAA[\w-]*)\/spaceEvents$/.exec(request.path) ?? [];
        if (ofEvents !== undefined)
          return isOfPerson(request)
            ? listEvents(logs.get(ofEvents) ?? [], heldOf(ofEvents), request)
            : refused('PERMISSION_DENIED', 'Request had insufficient authentication scopes.');
        if (request.path.startsWith('/events/v1/subscriptions')) return workspace.handle(request, isOfPerson(request));
        const media = /^\/v1\/media\/([^/]+)$/.exec(request.path)?.[1];
        if (media !== undefined && request.query.get('alt') === 'media')
          return download([...spaces.values()].flat(), decodeURIComponent(media));
        const [, space, rest] = /^\/v1\/(spaces\/[^/]+)\/messages(\/.*)?$/.exec(request.path) ?? [];
        if (space === undefined) return { answer: { status: 404, body: 'the simulator has no such method' } };
        if (!/^spaces\/AAAA[\w-]*$/.test(space)) return refused('NOT_FOUND', 'Space not found.');
        const { query, now, method } = request;
        const call: Call = { space, held: heldOf(space), query, body: readJson(request.body), now, remembers };
        return (method === 'GET' ? undefined : takeTurn(limits, space, now)) ?? route(method, call, rest);
      },
      act: (action, now) =>
        action.room.startsWith('spaces/AAAA')
          ? act(action, heldOf(action.room), now)
          : refused('NOT_FOUND', 'Space not found.'),
      room: (space) => heldOf(space).map(roomMessage),
      hooks(event) {
        const change = event as ChatEvent | WorkspaceChange;
        if (change.kind === 'subscription') return [];
        const wanted = subscriptions.filter(
          ({ topic }) => topic === undefined || workspace.isTold(topic, change.space),
        );
        return eventsOf(change, heldOf(change.space), wanted, keys);
      },
      commit(event) {
        const change = event as ChatEvent | WorkspaceChange;
        if (change.kind === 'subscription') return workspace.commit(change);
        const held = spaces.get(change.space) ?? [];
        spaces.set(change.space, held);
        apply(held, change);
        const log = logs.get(change.space) ?? [];
        logs.set(change.space, log);
        log.push(change);
      },
      accepted: () => ({ spaces: Object.fromEntries(spaces), subscriptions: workspace.list() }),
      controls: {
        /**
         * `{"subscriptions": [{"url", "kind", "audience", "email"?, "topic"?}]}`: the receivers that get events from
         * now on. A receiver with a topic gets the events of the spaces that are subscribed to with this topic.
         */
        subscribe(value) {
          subscriptions = controlBody(value)['subscriptions'] as readonly Subscription[];
          return { subscriptions: subscriptions.length };
        },
        /**
         * `{"event": "suspended" | "expirationReminder" | "expired", "isTold"?}`: this happens to all subscriptions.
         * Their receivers are told unless `isTold` is false.
         */
        lifecycle(value) {
          const told = workspace.lifecycle(String(controlBody(value)['event']));
          const hooks = told.flatMap(({ topic, ...said }) =>
            subscriptions.filter((one) => one.topic === topic).map((one) => pushed(said, one, keys)),
          );
          if (flag(value, 'isTold')) send(hooks);
          return { subscriptions: told.length };
        },
        /** `{"aheadMs": 0}`: how many milliseconds the clock that ends subscriptions is ahead of the real one. */
        clock(value) {
          const aheadMs = Number(controlBody(value)['aheadMs']);
          workspace.setClock(aheadMs);
          return { aheadMs };
        },
        limits(value) {
          const enabled = flag(value, 'enabled');
          limits.perSpaceMs = enabled ? 1_000 : 0;
          return { enabled };
        },
        /** `{"remembers": false}`: the platform forgets request ids, as it does after a time that is not published. */
        requests(value) {
          remembers = flag(value, 'remembers');
          return { remembers };
        },
        revoke: revokeControl(tokens),
        account: accountControl,
      },
      faultBody: errorBody,
    };
  },
};

function route(method: string, call: Call, rest = ''): Decision<ChatEvent> {
  if (rest === '' && method === 'POST') return create(call);
  if (rest === '')
    return refused('PERMISSION_DENIED', 'Listing needs the consent of a person, or of an administrator.');
  const [, id, reactions] = /^\/([^/]+)(\/reactions.*)?$/.exec(rest) ?? [];
  if (id === undefined) return { answer: { status: 404, body: 'the simulator has no such method' } };
  if (reactions !== undefined) return refused('PERMISSION_DENIED', 'Apps cannot react.');
  switch (method) {
    case 'GET':
      return get(call, id);
    case 'PATCH':
      return patch(call, id);
    case 'DELETE':
      return remove(call, id);
    default:
      return { answer: { status: 405, body: 'the simulator has no such method' } };
  }
}

/** media.download, for uploaded files. */
function download(held: readonly Held[], resource: string): Decision<ChatEvent> {
  const files = held.flatMap(({ attachment = [], deleted }) => (deleted === undefined ? attachment : []));
  const file = files.find(({ attachmentDataRef }) => attachmentDataRef.resourceName === resource);
  if (file === undefined) return refused('NOT_FOUND', 'Media not found.');
  const headers = { 'content-type': file.contentType };
  return { answer: { status: 200, headers, body: Buffer.from(file.base64, 'base64') } };
}

/**
 * Reads a flag of a control's body; the default is true.
 * @throws ControlError when it is not true or false.
 */
function flag(value: unknown, key: string): boolean {
  const given = controlBody(value)[key] ?? true;
  if (typeof given !== 'boolean') throw new ControlError(`/${key}`, 'must be true or false');
  return given;
}

/**
 * One write per second and space, counted over all apps, while the limits are on. The refusal names no time to wait
 * (developers.google.com/workspace/chat, "Usage limits").
 */
function takeTurn(limits: Limits, space: string, now: Date): Decision<ChatEvent> | undefined {
  const free = (limits.lastWrite.get(space) ?? Number.NEGATIVE_INFINITY) + limits.perSpaceMs;
  if (limits.perSpaceMs > 0 && now.getTime() < free)
    return refused('RESOURCE_EXHAUSTED', "Quota exceeded for quota metric 'Message writes per space'.");
  limits.lastWrite.set(space, now.getTime());
  return undefined;
}
