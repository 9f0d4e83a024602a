import {
  controlBody,
  ControlError,
  type Outcome,
  type RunningSimulator,
  type SimulatedRequest,
  type Simulator,
} from '../simulator-kit.ts';
import { eventsOf, type Subscription } from './simulator-events.ts';
import { history, replies } from './simulator-history.ts';
import { act, findUser, react, roomMessage } from './simulator-people.ts';
import {
  agreed,
  apply,
  post,
  refused,
  remove,
  update,
  type Held,
  type Params,
  type SlackEvent,
} from './simulator-posts.ts';

/** One call on one channel that exists. */
interface Call {
  readonly channel: string;
  readonly posts: readonly Held[];
  readonly params: Params;
  /** The bot that the token names; undefined where it names none. */
  readonly bot: string | undefined;
  readonly now: Date;
}
interface Limits {
  perChannelMs: number;
  readonly lastPost: Map<string, number>;
}

/**
 * The part of Slack's Web API that Carillon calls, below `/slack/api/`. Verdicts come in the body, behind status 200
 * (docs.slack.dev, "Using the Web API"). Tokens are good when they begin with `xoxb-`, and are of another bot when the
 * third of four parts differs; channels exist when they are `C` and two or more capital letters or digits.
 */
export const slackSimulator: Simulator = {
  name: 'slack',
  start(): RunningSimulator {
    const channels = new Map<string, Held[]>();
    const limits: Limits = { perChannelMs: 0, lastPost: new Map() };
    let subscriptions: readonly Subscription[] = [];
    const postsOf = (channel: string): readonly Held[] => channels.get(channel) ?? [];
    const methods: Readonly<Record<string, (call: Call) => Outcome<SlackEvent>>> = {
      'chat.postMessage': ({ channel, posts, params, bot, now }) =>
        takeTurn(limits, channel, now) ??
        post(posts, params, { channel, ts: nextTs(posts, now), ...(bot === undefined ? {} : { bot }) }),
      'chat.update': ({ posts, params, bot, now }) => update(posts, params, bot, now),
      'chat.delete': ({ posts, params, bot }) => remove(posts, params, bot),
      'reactions.add': (call) => reactAs(call, true),
      'reactions.remove': (call) => reactAs(call, false),
      'conversations.history': ({ posts, params }) => history(posts, params),
      'conversations.replies': ({ posts, params }) => replies(posts, params),
    };
    return {
      handle(request): Outcome<SlackEvent> {
        const params = readParams(request);
        const token = readToken(request, params);
        if (token === undefined) return refused('not_authed');
        if (!token.startsWith('xoxb-')) return refused('invalid_auth');
        const name = /^\/api\/([A-Za-z.]+)$/.exec(request.path)?.[1] ?? '';
        const bot = /^xoxb-[^-]+-([^-]+)-/.exec(token)?.[1];
        if (name === 'auth.test') return whoAmI(bot);
        if (name === 'users.lookupByEmail') return findUser(params, 'email');
        if (name === 'users.info') return findUser(params, 'user');
        const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
        if (method === undefined) return { answer: { status: 404, body: 'the simulator has no such method' } };
        const { channel } = params;
        if (typeof channel !== 'string' || !/^C[A-Z0-9]{2,}$/.test(channel)) return refused('channel_not_found');
        return method({ channel, posts: postsOf(channel), params, bot, now: request.now });
      },
      act: (action, now) => act(action, postsOf(action.room), nextTs(postsOf(action.room), now)),
      room: (room) => postsOf(room).map(roomMessage),
      hooks(event) {
        const change = event as SlackEvent;
        return eventsOf(change, postsOf(change.channel), subscriptions);
      },
      commit(event) {
        const { channel } = event as SlackEvent;
        const posts = channels.get(channel) ?? [];
        channels.set(channel, posts);
        apply(posts, event as SlackEvent);
      },
      accepted: () => ({ channels: Object.fromEntries(channels) }),
      controls: {
        /** `{"subscriptions": [{"url", "secret"}]}`: who gets events from now on, one for each app. */
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

/** As the bot; its user is one of the workspace like any other. */
function reactAs({ channel, posts, params, now }: Call, add: boolean): Outcome<SlackEvent> {
  const { timestamp, name } = params;
  if (typeof timestamp !== 'string' || typeof name !== 'string') return refused('invalid_arguments');
  const found = posts.find(({ ts, deleted }) => ts === timestamp && deleted !== true);
  return react({ channel, ts: timestamp, user: 'U0CARILLON', name, add }, found, String(now.getTime() / 1_000));
}

function whoAmI(bot = 'B0CARILLON'): Outcome<SlackEvent> {
  const team = { url: 'https://sim.slack.com/', team: 'Simulated', team_id: 'T0SIM' };
  return agreed({ ...team, user: 'carillon', user_id: 'U0CARILLON', bot_id: bot });
}

/** JSON, or a form in which objects are JSON texts; clients use both (docs.slack.dev, "Using the Web API"). */
function readParams({ headers, body, query }: SimulatedRequest): Params {
  const text = body.toString('utf8');
  if (headers['content-type']?.startsWith('application/json') === true) {
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === 'object' && value !== null ? (value as Params) : {};
    } catch {
      // Unreadable: Slack goes on without arguments, and the method then says which one it misses.
      return {};
    }
  }
  return Object.fromEntries([...query, ...new URLSearchParams(text)]);
}

function readToken({ headers }: SimulatedRequest, params: Params): string | undefined {
  const token = /^Bearer (.+)$/.exec(headers['authorization'] ?? '')?.[1] ?? params['token'];
  return typeof token === 'string' ? token : undefined;
}

/** One message a second and channel, when that is switched on (docs.slack.dev, "Rate limits"). */
function takeTurn(limits: Limits, channel: string, now: Date): Outcome<SlackEvent> | undefined {
  const free = (limits.lastPost.get(channel) ?? Number.NEGATIVE_INFINITY) + limits.perChannelMs;
  if (limits.perChannelMs === 0 || now.getTime() >= free) {
    limits.lastPost.set(channel, now.getTime());
    return undefined;
  }
  return { answer: { status: 429, headers: { 'retry-after': '1' }, body: { ok: false, error: 'ratelimited' } } };
}

/** Seconds and a counter, strictly rising in a channel, where it is the message's id (docs.slack.dev, message event). */
function nextTs(posts: readonly Held[], now: Date): string {
  const last = Number((posts.at(-1)?.ts ?? '0').replace('.', ''));
  const next = Math.max(Math.floor(now.getTime() / 1_000) * 1_000_000 + 100, last + 100);
  return `${Math.floor(next / 1_000_000)}.${String(next % 1_000_000).padStart(6, '0')}`;
}
