import { randomUUID } from 'node:crypto';
import type { Decision, RunningSimulator, SimulatedRequest, Simulator } from '../kit/simulator.ts';
import { controlBody, ControlError } from '../kit/control-body.ts';
import { readForm } from '../kit/form.ts';
import { eventsOf, type Subscription } from './events.ts';
import { get, list } from './history.ts';
import { createChannelLimits, type ChannelLimits } from './limits.ts';
import {
  apply,
  post,
  react,
  refused,
  remove,
  update,
  type Held,
  type Params,
  type Place,
  type SimulatedFile,
  type Uploaded,
  type ZoomEvent,
} from './messages.ts';
import { act, fileOf, findUser, roomMessage } from './people.ts';
import { userOf } from './users.ts';

/**
 * The part of Zoom that Carillon calls: Team Chat's API below `/zoom/v2/`, files at `/zoom/file/v2/`, and tokens at
 * `/zoom/oauth/token` (developers.zoom.us, Team Chat API and server-to-server OAuth). Any account, client and secret
 * are valid, except the secret `wrong`. A channel exists when its id is 32 hexadecimal digits.
 */
export const zoomSimulator: Simulator = {
  name: 'zoom',
  start(): RunningSimulator {
    const channels = new Map<string, Held[]>();
    const uploads = new Map<string, SimulatedFile>();
    let subscriptions: Subscription[] = [];
    let limits: ChannelLimits | undefined;
    /** A token of an earlier generation is revoked. */
    let generation = 1;
    const messagesOf = (channel: string): readonly Held[] => channels.get(channel) ?? [];
    return {
      handle(request): Decision<ZoomEvent | Uploaded> {
        if (request.path === '/oauth/token') return issueToken(request, generation);
        if (request.headers['authorization'] !== `Bearer ${tokenOf(generation)}`)
          return refused(124, 'Invalid access token.', 401);
        const user = /^\/v2\/users\/([^/]+)$/.exec(request.path)?.[1];
        if (user !== undefined && request.method === 'GET') return findUser(decodeURIComponent(user));
        const file = /^\/files\/([^/]+)$/.exec(request.path)?.[1];
        if (file !== undefined) return download([...channels.values()].flat(), decodeURIComponent(file));
        if (/^\/file\/v2\/chat\/users\/[^/]+\/files$/.test(request.path)) return upload(request);
        return chat(request, messagesOf, { limits, uploads });
      },
      act: (action, now) => act(action, messagesOf(action.room), now),
      room: (room) => messagesOf(room).map(roomMessage),
      hooks(event) {
        if ((event as Uploaded).kind === 'uploaded') return [];
        const change = event as ZoomEvent;
        return eventsOf(change, messagesOf(change.channel), subscriptions);
      },
      commit(event) {
        const change = event as ZoomEvent | Uploaded;
        if (change.kind === 'uploaded') {
          uploads.set(change.file.file_id, change.file);
          return;
        }
        const messages = channels.get(change.channel) ?? [];
        channels.set(change.channel, messages);
        apply(messages, change);
      },
      accepted: () => ({
        channels: Object.fromEntries(channels),
        subscriptions: subscriptions.map(({ url, isValid = null }) => ({ url, isValid })),
      }),
      controls: {
        /**
         * `{"subscriptions": [{"url", "secret"}]}`: the receivers that get events from now on. Each endpoint is checked
         * before its first event.
         */
        subscribe(value) {
          const given = controlBody(value)['subscriptions'] as readonly Subscription[];
          subscriptions = given.map(({ url, secret }) => ({ url, secret }));
          return { subscriptions: subscriptions.length };
        },
        /** `{"enabled": true}`: turns the four limits of each channel on. */
        limits(value) {
          const { enabled = true } = controlBody(value);
          if (typeof enabled !== 'boolean') throw new ControlError('/enabled', 'must be true or false');
          limits = enabled ? createChannelLimits() : undefined;
          return { enabled };
        },
        /** From now on every token that was issued so far is refused, although it has not expired. */
        revoke() {
          generation += 1;
          return { generation };
        },
      },
      faultBody: (status) => (status === 429 ? tooMany : undefined),
    };
  },
};

/** The answer to a request over the limits. Zoom's page names no header with the time to wait. */
const tooMany = {
  code: 429,
  message: 'You have reached the maximum per-second rate limit for this API. Try again later.',
};
const tokenOf = (generation: number): string => `simulated-access-token-${generation}`;

function issueToken({ method, headers, body }: SimulatedRequest, generation: number): Decision<ZoomEvent> {
  const form = new URLSearchParams(body.toString('utf8'));
  const basic = /^Basic (.+)$/.exec(headers['authorization'] ?? '')?.[1] ?? '';
  const [client = '', secret = ''] = Buffer.from(basic, 'base64').toString('utf8').split(':');
  const invalid = (reason: string, error: string): Decision<ZoomEvent> => ({
    answer: { status: 400, body: { reason, error } },
  });
  if (method !== 'POST' || client === '' || secret === '' || secret === 'wrong')
    return invalid('Invalid client_id or client_secret', 'invalid_client');
  if (form.get('grant_type') !== 'account_credentials' || (form.get('account_id') ?? '') === '')
    return invalid('unsupported grant type', 'unsupported_grant_type');
  const token = { access_token: tokenOf(generation), token_type: 'bearer', expires_in: 3_600 };
  return { answer: { status: 200, body: token } };
}

/**
 * Upload a chat file: takes one file, in the field `file` of a form. The id that it returns can only be used in a
 * message.
 */
function upload(request: SimulatedRequest): Decision<Uploaded> {
  const user = userOf(decodeURIComponent(request.path.split('/').at(-2) ?? ''));
  const [file, ...more] = readForm(request)?.files ?? [];
  if (request.method !== 'POST' || user === undefined || file?.field !== 'file' || more.length > 0)
    return { answer: { status: 400, body: { code: 300, message: 'Invalid parameter: file.' } } };
  const made = fileOf(file, `F-${randomUUID()}`, `http://${request.headers['host']}`);
  return { event: { kind: 'uploaded', file: made }, answer: { status: 201, body: { id: made.file_id } } };
}

function download(messages: readonly Held[], id: string): Decision<ZoomEvent> {
  const file = messages
    .flatMap(({ files, deleted }) => (deleted === true ? [] : files))
    .find((one) => one.file_id === id);
  if (file === undefined) return refused(5403, 'The file does not exist.', 404);
  const headers = { 'content-type': file.media_type };
  return { answer: { status: 200, headers, body: Buffer.from(file.base64, 'base64') } };
}

/** Answers the calls below `/v2/chat/users/{userId}/messages`. */
function chat(
  { method, path, query, body, now }: SimulatedRequest,
  messagesOf: (channel: string) => readonly Held[],
  { limits, uploads }: { limits: ChannelLimits | undefined; uploads: ReadonlyMap<string, SimulatedFile> },
): Decision<ZoomEvent> {
  const [, named, rawId, more] =
    /^\/v2\/chat\/users\/([^/]+)\/messages(?:\/([^/]+)(\/emoji_reactions)?)?$/.exec(path) ?? [];
  if (named === undefined) return { answer: { status: 404, body: 'the simulator has no such page' } };
  const user = userOf(decodeURIComponent(named));
  if (user === undefined) return refused(1001, `User does not exist: ${named}.`, 404);
  const params = readParams(body);
  if (params === undefined) return refused(300, 'Request Body should be a valid JSON object.');
  const channel = method === 'GET' || method === 'DELETE' ? query.get('to_channel') : params['to_channel'];
  if (typeof channel !== 'string') return refused(300, 'Must provide either contact or channel parameter.');
  if (!/^[0-9a-f]{32}$/.test(channel)) return refused(4130, `Channel does not exist: ${channel}.`, 404);
  const place: Place = { channel, messages: messagesOf(channel), user, now, uploads };
  const id = rawId === undefined ? undefined : decodeURIComponent(rawId);
  switch (`${method} ${id === undefined ? 'messages' : more === undefined ? 'message' : 'reactions'}`) {
    case 'POST messages':
      if (limits?.take(channel, now.getTime()) === false) return { answer: { status: 429, body: tooMany } };
      return post(place, params);
    case 'GET messages':
      return list(place.messages, query, now);
    case 'GET message':
      return get(place.messages, id ?? '');
    case 'PUT message':
      return update(place, id ?? '', params);
    case 'DELETE message':
      return remove(place, id ?? '');
    case 'PATCH reactions':
      return react(place, id ?? '', params);
    default:
      return { answer: { status: 405, body: { code: 405, message: 'Method not allowed.' } } };
  }
}

function readParams(body: Buffer): Params | undefined {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Params) : undefined;
  } catch {
    return undefined;
  }
}
