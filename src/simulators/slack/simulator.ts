import type { Decision, RunningSimulator, SimulatedRequest, Simulator } from '../kit/simulator.ts';
import { controlBody, ControlError } from '../kit/control-body.ts';
import { eventsOf, type Subscription } from './events.ts';
import { history, replies } from './history.ts';
import { announce, complete, download, info, receive, type Upload } from './files.ts';
import { act, findUser, react, roomMessage } from './people.ts';
import {
  agreed,
  apply,
  post,
  refused,
  remove,
  update,
  type Held,
  type Params,
  type Post,
  type SlackEvent,
} from './posts.ts';

/** One call of a method for a channel that exists. */
interface Call {
  readonly channel: string;
  readonly posts: readonly Held[];
  readonly params: Params;
  /** Id of the bot that the token names; undefined when it names none. */
  readonly bot: string | undefined;
  readonly now: Date;
  /** Address of the simulators. */
  readonly origin: string;
}
interface Limits {
  perChannelMs: number;
  readonly lastPost: Map<string, number>;
}

/**
 * The part of Slack's Web API that Carillon calls, below `/slack/api/`. Errors come in the body of a 200
 * (docs.slack.dev, "Using the Web API"). A token is valid when it begins with `xoxb-`. It belongs to another bot when
 * the third of four parts differs. A channel exists when its id is `C` and two or more capital letters or digits.
 */
export const slackSimulator: Simulator = {
  name: 'slack',
  start(): RunningSimulator {
    const channels = new Map<string, Held[]>();
    const limits: Limits = { perChannelMs: 0, lastPost: new Map() };
    let subscriptions: readonly Subscription[] = [];
    const postsOf = (channel: string): readonly Held[] => channels.get(channel) ?? [];
    const uploads = new Map<string, Upload>();
    const all = (): Iterable<Held> => [...channels.values()].flat();
    const methods: Readonly<Record<string, (call: Call) => Decision<SlackEvent>>> = {
      'chat.postMessage': ({ channel, posts, params, bot, now }) =>
        takeTurn(limits, channel, now) ??
        post(posts, params, { channel, ts: nextTs(posts, now), ...(bot === undefined ? {} : { bot }) }),
      'chat.update': ({ posts, params, bot, now }) => update(posts, params, bot, now),
      'chat.delete': ({ posts, params, bot }) => remove(posts, params, bot),
      'reactions.add': (call) => reactAs(call, true),
      'reactions.remove': (call) => reactAs(call, false),
      'files.completeUploadExternal': ({ channel, posts, params, bot, now, origin }) =>
        complete(posts, params, uploads, { channel, ts: nextTs(posts, now), origin, ...(bot && { bot }) }),
      'conversations.history': ({ posts, params }) => history(posts, params),
      'conversations.replies': ({ posts, params }) => replies(posts, params),
    };
    return {
      handle(request): Decision<SlackEvent | Upload> {
        const upload = /^\/upload\/v1\/([A-Z0-9]+)$/.exec(request.path)?.[1];
        if (upload !== undefined) return receive(request, uploads.get(upload));
        const params = readParams(request);
        const token = readToken(request, params);
        const file = /^\/files\/([A-Z0-9]+)\//.exec(request.path)?.[1];
        if (file !== undefined) return download(all(), file, token?.startsWith('xoxb-') === true);
        if (token === undefined) return refused('not_authed');
        if (!token.startsWith('xoxb-')) return refused('invalid_auth');
        const name = /^\/api\/([A-Za-z.]+)$/.exec(request.path)?.[1] ?? '';
        const bot = /^xoxb-[^-]+-([^-]+)-/.exec(token)?.[1];
        if (name === 'auth.test') return whoAmI(bot);
        if (name === 'users.lookupByEmail') return findUser(params, 'email');
        if (name === 'files.getUploadURLExternal') return announce(params, request);
        if (name === 'files.info') return info(all(), params);
        if (name === 'users.info') return findUser(params, 'user');
        const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
        if (method === undefined) return { answer: { status: 404, body: 'the simulator has no such method' } };
        const channel = params['channel'] ?? params['channel_id'];
        if (typeof channel !== 'string' || !/^C[A-Z0-9]{2,}$/.test(channel)) return refused('channel_not_found');
        const origin = `http://${request.headers['host']}`;
        return method({ channel, posts: postsOf(channel), params, bot, now: request.now, origin });
      },
      act: (action, now) => act(action, postsOf(action.room), nextTs(postsOf(action.room), now)),
      room: (room) => postsOf(room).map(roomMessage),
      hooks(event) {
        if ((event as Upload).kind === 'upload') return [];
        const change = event as SlackEvent;
        return eventsOf(change, postsOf(change.channel), subscriptions);
      },
      commit(event) {
        if ((event as Upload).kind === 'upload') {
          uploads.set((event as Upload).id, event as Upload);
          return;
        }
        const { channel } = event as SlackEvent;
        for (const { id } of (event as Post).files ?? []) uploads.delete(id);
        const posts = channels.get(channel) ?? [];
        channels.set(channel, posts);
        apply(posts, event as SlackEvent);
      },
      accepted: () => ({ channels: Object.fromEntries(channels) }),
      controls: {
        /** `{"subscriptions": [{"url", "secret"}]}`: the apps that get events from now on. */
        subscribe(value) {
          subscriptions = controlBody(value)['subscriptions'] as readonly Subscription[];
          return { subscriptions: subscriptions.length };
        },
        limits(value) {
          const { enabled = true } = controlBody(value);
          if (typeof enabled !== 'boolean') throw new ControlError('/enabled', 'must be true or false');
          limits.perChannelMs = enabled ? 1_000 : 0;
          return { enabled };
        },
      },
      faultBody: (status) => (status === 429 ? { ok: false, error: 'ratelimited' } : undefined),
    };
  },
};

/** Lets the bot react. Its user is a member of the workspace like any other. */
function reactAs({ channel, posts, params, now }: Call, add: boolean): Decision<SlackEvent> {
  const { timestamp, name } = params;
  if (typeof timestamp !== 'string' || typeof name !== 'string') return refused('invalid_arguments');
  const found = posts.find(({ ts, deleted }) => ts === timestamp && deleted !== true);
  return react({ channel, ts: timestamp, user: 'U0CARILLON', name, add }, found, String(now.getTime() / 1_000));
}

function whoAmI(bot = 'B0CARILLON'): Decision<SlackEvent> {
  const team = { url: 'https://sim.slack.com/', team: 'Simulated', team_id: 'T0SIM' };
  return agreed({ ...team, user: 'carillon', user_id: 'U0CARILLON', bot_id: bot });
}

/**
 * Reads the arguments: JSON, or a form in which objects are JSON texts. Clients use both (docs.slack.dev, "Using the
 * Web API").
 */
function readParams({ headers, body, query }: SimulatedRequest): Params {
  const text = body.toString('utf8');
  if (headers['content-type']?.startsWith('application/json') === true) {
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === 'object' && value !== null ? (value as Params) : {};
    } catch {
      // Slack treats an unreadable body as no arguments, and the method then names the argument that it lacks.
      return {};
    }
  }
  return Object.fromEntries([...query, ...new URLSearchParams(text)]);
}

function readToken({ headers }: SimulatedRequest, params: Params): string | undefined {
  const token = /^Bearer (.+)$/.exec(headers['authorization'] ?? '')?.[1] ?? params['token'];
  return typeof token === 'string' ? token : undefined;
}

/** One message per second and channel while the limits are on (docs.slack.dev, "Rate limits"). */
function takeTurn(limits: Limits, channel: string, now: Date): Decision<SlackEvent> | undefined {
  const free = (limits.lastPost.get(channel) ?? Number.NEGATIVE_INFINITY) + limits.perChannelMs;
  if (limits.perChannelMs === 0 || now.getTime() >= free) {
    limits.lastPost.set(channel, now.getTime());
    return undefined;
  }
  return { answer: { status: 429, headers: { 'retry-after': '1' }, body: { ok: false, error: 'ratelimited' } } };
}

/**
 * Returns the ts of the next message: seconds and a counter, strictly rising in a channel, where it is the message's id
 * (docs.slack.dev, message event).
 */
function nextTs(posts: readonly Held[], now: Date): string {
  const last = Number((posts.at(-1)?.ts ?? '0').replace('.', ''));
  const next = Math.max(Math.floor(now.getTime() / 1_000) * 1_000_000 + 100, last + 100);
  return `${Math.floor(next / 1_000_000)}.${String(next % 1_000_000).padStart(6, '0')}`;
}
