import {
  controlBody,
  ControlError,
  type Answer,
  type Outcome,
  type RunningSimulator,
  type SimulatedRequest,
  type Simulator,
} from '../simulator-kit.ts';

interface Post {
  readonly channel: string;
  readonly ts: string;
  readonly text: string;
  readonly thread_ts?: string;
  readonly metadata?: { readonly event_type: string; readonly event_payload?: object };
}
type Params = Readonly<Record<string, unknown>>;

const bot = { user_id: 'U0CARILLON', bot_id: 'B0CARILLON', team_id: 'T0SIM' };
/** docs.slack.dev, chat.postMessage, "Truncating content". */
const maxText = 40_000;

/**
 * The part of Slack's Web API that Carillon calls, below `/slack/api/`. Verdicts come in the body, behind status 200
 * (docs.slack.dev, "Using the Web API"). Tokens are good when they begin with `xoxb-`; channels exist when they are
 * `C` and two or more capital letters or digits.
 */
export const slackSimulator: Simulator = {
  name: 'slack',
  start(): RunningSimulator {
    const channels = new Map<string, Post[]>();
    const limits = { perChannelMs: 0, lastPost: new Map<string, number>() };
    const inChannel = (channel: string): readonly Post[] => channels.get(channel) ?? [];
    return {
      handle(request): Outcome<Post> {
        const params = readParams(request);
        const method = /^\/api\/([A-Za-z.]+)$/.exec(request.path)?.[1];
        const authError = checkToken(request, params);
        if (authError !== undefined) return refused(authError);
        if (method === 'auth.test')
          return agreed({ url: 'https://sim.slack.com/', team: 'Simulated', user: 'carillon', ...bot });
        if (method !== 'chat.postMessage' && method !== 'conversations.history')
          return { answer: { status: 404, body: 'the simulator has no such method' } };
        const { channel } = params;
        if (typeof channel !== 'string' || !/^C[A-Z0-9]{2,}$/.test(channel)) return refused('channel_not_found');
        if (method === 'conversations.history') return history(inChannel(channel), params);
        const limited = takeTurn(limits, channel, request.now);
        return limited ?? post(channel, params, nextTs(inChannel(channel), request.now));
      },
      commit(event) {
        const message = event as Post;
        const posts = channels.get(message.channel);
        if (posts === undefined) channels.set(message.channel, [message]);
        else posts.push(message);
      },
      accepted: () => ({ channels: Object.fromEntries(channels) }),
      controls: {
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

function agreed(body: object): Outcome<Post> {
  return { answer: { status: 200, body: { ok: true, ...body } } };
}

function refused(error: string): Outcome<Post> {
  return { answer: { status: 200, body: { ok: false, error } } };
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

function checkToken({ headers }: SimulatedRequest, params: Params): string | undefined {
  const token = /^Bearer (.+)$/.exec(headers['authorization'] ?? '')?.[1] ?? params['token'];
  if (typeof token !== 'string') return 'not_authed';
  return token.startsWith('xoxb-') ? undefined : 'invalid_auth';
}

/** One message a second and channel, when that is switched on (docs.slack.dev, "Rate limits"). */
function takeTurn(
  limits: { perChannelMs: number; lastPost: Map<string, number> },
  channel: string,
  now: Date,
): Outcome<Post> | undefined {
  const free = (limits.lastPost.get(channel) ?? Number.NEGATIVE_INFINITY) + limits.perChannelMs;
  if (limits.perChannelMs === 0 || now.getTime() >= free) {
    limits.lastPost.set(channel, now.getTime());
    return undefined;
  }
  const answer: Answer = { status: 429, headers: { 'retry-after': '1' }, body: { ok: false, error: 'ratelimited' } };
  return { answer };
}

/** Seconds and a counter, strictly rising in a channel, where it is the message's id (docs.slack.dev, message event). */
function nextTs(posts: readonly Post[], now: Date): string {
  const last = Number((posts.at(-1)?.ts ?? '0').replace('.', ''));
  const next = Math.max(Math.floor(now.getTime() / 1_000) * 1_000_000 + 100, last + 100);
  return `${Math.floor(next / 1_000_000)}.${String(next % 1_000_000).padStart(6, '0')}`;
}

function post(channel: string, params: Params, ts: string): Outcome<Post> {
  const { text = '', blocks, attachments, thread_ts: thread } = params;
  if (typeof text !== 'string') return refused('invalid_arguments');
  if (text === '' && blocks === undefined && attachments === undefined) return refused('no_text');
  const metadata = readMetadata(params['metadata']);
  if (metadata === 'unreadable') return refused('invalid_arguments');
  const event: Post = {
    channel,
    ts,
    text: text.slice(0, maxText),
    ...(typeof thread === 'string' ? { thread_ts: thread } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  };
  const warnings = text.length > maxText ? { response_metadata: { warnings: ['message_truncated'] } } : {};
  return { event, ...agreed({ channel, ts, message: shown(event, true), ...warnings }) };
}

/** An event type and a payload that is an object (docs.slack.dev, "Message metadata"). */
function readMetadata(value: unknown): Post['metadata'] | 'unreadable' {
  if (value === undefined) return undefined;
  let metadata = value;
  if (typeof value === 'string') {
    try {
      metadata = JSON.parse(value);
    } catch {
      return 'unreadable';
    }
  }
  const { event_type: type, event_payload: payload } = (metadata ?? {}) as Params;
  if (typeof type !== 'string' || typeof payload !== 'object' || payload === null) return 'unreadable';
  return { event_type: type, event_payload: payload };
}

function shown({ ts, text, thread_ts, metadata }: Post, allMetadata: boolean): object {
  return {
    type: 'message',
    user: bot.user_id,
    bot_id: bot.bot_id,
    text,
    ts,
    ...(thread_ts === undefined ? {} : { thread_ts }),
    ...(metadata === undefined ? {} : { metadata: allMetadata ? metadata : { event_type: metadata.event_type } }),
  };
}

/**
 * Newest first, without the replies of threads; `oldest` and `latest` themselves only when `inclusive`; the payload of
 * metadata only when asked for (docs.slack.dev, conversations.history and "Message metadata").
 */
function history(posts: readonly Post[], params: Params): Outcome<Post> {
  const flag = (key: string): boolean => ['true', '1'].includes(String(params[key]));
  const limit = Number(params['limit'] ?? 100);
  if (!Number.isInteger(limit) || limit < 1 || limit > 999) return refused('invalid_arguments');
  const cursor = params['cursor'];
  const before = typeof cursor === 'string' && cursor !== '' ? Buffer.from(cursor, 'base64').toString() : undefined;
  if (before !== undefined && !/^\d+\.\d{6}$/.test(before)) return refused('invalid_arguments');
  const oldest = Number(params['oldest'] ?? 0);
  const latest = Number(params['latest'] ?? Number.POSITIVE_INFINITY);
  const found = posts
    .filter(({ ts, thread_ts: thread }) => {
      const at = Number(ts);
      const inside = (at > oldest && at < latest) || (flag('inclusive') && (at === oldest || at === latest));
      return inside && (thread === undefined || thread === ts) && (before === undefined || at < Number(before));
    })
    .reverse();
  const page = found.slice(0, limit);
  const more = found.length > page.length;
  return agreed({
    messages: page.map((one) => shown(one, flag('include_all_metadata'))),
    has_more: more,
    ...(more ? { response_metadata: { next_cursor: Buffer.from(page.at(-1)?.ts ?? '').toString('base64') } } : {}),
  });
}
