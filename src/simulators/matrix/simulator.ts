import type { Decision, RunningSimulator, SimulatedRequest, Simulator } from '../kit/simulator.ts';
import { controlBody, ControlError } from '../kit/control-body.ts';
import {
  agreed,
  downloadMedia,
  invite,
  join,
  profile,
  readEvent,
  redact,
  refused,
  register,
  relations,
  send,
  setName,
  upload,
  type Call,
} from './calls.ts';
import { messages } from './history.ts';
import { act, roomMessages } from './people.ts';
import { apply, createWorld, isRoom, server, type JoinRule, type MatrixChange, type World } from './rooms.ts';
import { transactionOf, type Subscription } from './transactions.ts';

type Handler = (call: Call, ...parts: string[]) => Decision<MatrixChange>;

/**
 * Calls of the client-server API by method and path. The groups of the pattern are decoded and passed to the handler.
 */
const calls: readonly (readonly [method: string, path: RegExp, handler: Handler])[] = [
  ['POST', /^\/v3\/register$/, register],
  ['POST', /^\/v3\/join\/([^/]+)$/, (call, room = '') => join(call, room)],
  ['POST', /^\/v3\/rooms\/([^/]+)\/invite$/, (call, room = '') => invite(call, room)],
  ['PUT', /^\/v3\/profile\/([^/]+)\/displayname$/, (call, user = '') => setName(call, user)],
  ['GET', /^\/v3\/profile\/([^/]+)$/, (call, user = '') => profile(call, user)],
  ['PUT', /^\/v3\/rooms\/([^/]+)\/send\/([^/]+)\/[^/]+$/, (call, room = '', type = '') => send(call, room, type)],
  ['PUT', /^\/v3\/rooms\/([^/]+)\/redact\/([^/]+)\/[^/]+$/, (call, room = '', id = '') => redact(call, room, id)],
  ['GET', /^\/v3\/rooms\/([^/]+)\/messages$/, (call, room = '') => messages(call, room)],
  ['GET', /^\/v3\/rooms\/([^/]+)\/event\/([^/]+)$/, (call, room = '', id = '') => readEvent(call, room, id)],
  [
    'GET',
    /^\/v1\/rooms\/([^/]+)\/relations\/([^/]+)\/([^/]+)(?:\/([^/]+))?$/,
    (call, room = '', id = '', kind = '', type) => relations(call, room, id, [kind, type]),
  ],
  ['GET', /^\/v1\/media\/download\/([^/]+)\/([^/]+)$/, (call, of = '', id = '') => downloadMedia(call, of, id)],
  ['GET', /^\/v3\/account\/whoami$/, ({ user }) => agreed({ user_id: user })],
];

/**
 * The homeserver `sim.example`, below `/matrix/_matrix/client/` and `/matrix/_matrix/media/`. A token
 * `as_<name>_<anything>` belongs to an application service whose bot is `@<name>:sim.example` and whose ghosts are
 * `@<name>_…:sim.example`. A room exists when its id is `!` and two or more letters or digits, with `:sim.example`
 * (version 10) or without it (version 12).
 */
export const matrixSimulator: Simulator = {
  name: 'matrix',
  start(): RunningSimulator {
    const world = createWorld();
    let subscriptions: readonly Subscription[] = [];
    let transactions = 0;
    return {
      handle: (request) => handle(request, world),
      act: (action, now) => act(action, world, now),
      room: (room) => roomMessages(world, room),
      commit: (event) => apply(world, event as MatrixChange),
      hooks(change) {
        const { kind } = change as MatrixChange;
        if (kind !== 'event') return [];
        const { event } = change as Extract<MatrixChange, { kind: 'event' }>;
        return subscriptions.map((subscription) => transactionOf(event, (transactions += 1), subscription));
      },
      accepted: () => ({ rooms: Object.fromEntries(world.rooms), names: Object.fromEntries(world.names) }),
      controls: {
        /**
         * `{"subscriptions": [{"url", "hsToken", "isOld"?}]}`: the application services that get transactions from now
         * on.
         */
        subscribe(value) {
          subscriptions = controlBody(value)['subscriptions'] as readonly Subscription[];
          return { subscriptions: subscriptions.length };
        },
        /**
         * `{"room", "joinRule"}`: the room is `public`, `invite` only, or `closed` to all users of the service but its
         * bot.
         */
        rooms(value) {
          const { room, joinRule } = controlBody(value);
          if (typeof room !== 'string' || !isRoom(room)) throw new ControlError('/room', 'must be a room');
          if (joinRule !== 'public' && joinRule !== 'invite' && joinRule !== 'closed')
            throw new ControlError('/joinRule', 'must be public, invite or closed');
          world.joinRules.set(room, joinRule satisfies JoinRule);
          return { room, joinRule };
        },
        /** `{"room", "user"}`: removes a user from the room. */
        kick(value) {
          const { room, user } = controlBody(value);
          return { kicked: world.members.delete(`${String(room)} ${String(user)}`) };
        },
        /** Forgets all transaction ids, as a restart of the homeserver does. */
        restart() {
          world.txns.clear();
          return {};
        },
      },
      faultBody: (status) =>
        status === 429 ? { errcode: 'M_LIMIT_EXCEEDED', error: 'Too Many Requests', retry_after_ms: 2_000 } : undefined,
    };
  },
};

function handle(request: SimulatedRequest, world: World): Decision<MatrixChange> {
  const token = /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '')?.[1];
  if (token === undefined) return refused(401, 'M_MISSING_TOKEN', 'Missing access token');
  const service = /^as_([a-z]+)_/.exec(token)?.[1];
  if (service === undefined) return refused(401, 'M_UNKNOWN_TOKEN', 'Invalid access token passed.');
  const bot = `@${service}:${server}`;
  const user = request.query.get('user_id') ?? bot;
  // A service may act only as its bot or one of its ghosts (application service API, "Identity assertion").
  if (user !== bot && !(user.startsWith(`@${service}_`) && user.endsWith(`:${server}`)))
    return refused(403, 'M_FORBIDDEN', 'Application service cannot masquerade as this user.');
  if (user !== bot && !world.users.has(user))
    return refused(403, 'M_FORBIDDEN', `Application service has not registered this user (${user})`);
  if (request.path === '/_matrix/media/v3/upload' && request.method === 'POST') return upload({ request, world });
  const body = readBody(request);
  if (body === undefined) return refused(400, 'M_NOT_JSON', 'Content not JSON.');
  const below = request.path.replace(/^\/_matrix\/client/, '');
  for (const [method, path, handler] of calls) {
    const found = method === request.method ? path.exec(below) : null;
    if (found === null) continue;
    const parts = found.slice(1).map((part) => (part === undefined ? part : decodeURIComponent(part)));
    return handler({ world, request, body, service, user }, ...(parts as string[]));
  }
  return refused(404, 'M_UNRECOGNIZED', 'Unrecognized request');
}

function readBody({ body }: SimulatedRequest): Readonly<Record<string, unknown>> | undefined {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
