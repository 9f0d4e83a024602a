import { randomUUID } from 'node:crypto';
import type { Decision, RunningSimulator, SimulatedRequest, Simulator } from '../kit/simulator.ts';
import { ControlError, controlBody } from '../kit/control-body.ts';
import { readForm } from '../kit/form.ts';
import { eventsOf, type Webhook } from './events.ts';
import { list } from './history.ts';
import { act, emailOf, findPeople, ownerOf, roomMessage } from './people.ts';
import { agreed, apply, create, edit, idOf, refused, remove, shown, type Held, type WebexEvent } from './messages.ts';
import { createRegistry, type WebhookEvent } from './webhooks.ts';

const notFound = 'The requested resource could not be found.';
/**
 * The time between two posts of one user while the limits are on. Webex does not publish its limits, so this value is
 * chosen only to make a client exceed one.
 */
const limitMs = 1_000;

/**
 * The part of the Webex API that Carillon calls, below `/webex/v1/`. A token is valid when its first part names an
 * account (`ownerOf`). A room exists when its id is base64 of `ciscospark://us/ROOM/<name>`, and each account is in
 * every room.
 */
export const webexSimulator: Simulator = {
  name: 'webex',
  start(): RunningSimulator {
    const rooms = new Map<string, Held[]>();
    const webhooks = createRegistry(() => idOf('WEBHOOK', randomUUID()));
    let limited = false;
    const lastPosts = new Map<string, number>();
    const messagesOf = (room: unknown): readonly Held[] => rooms.get(String(room)) ?? [];
    const find = (id: string): Held | undefined =>
      [...rooms.values()].flat().find((one) => one.id === id && one.deleted !== true);
    const newId = (): string => idOf('MESSAGE', randomUUID());

    function message(id: string, request: SimulatedRequest, by: string): Decision<WebexEvent> {
      const found = find(id);
      if (found === undefined) return refused(404, notFound);
      switch (request.method) {
        case 'GET':
          return agreed(shown(found, emailOf(found.personId), request));
        case 'PUT': {
          const body = readBody(request);
          return body === undefined
            ? refused(400, 'The request body is not JSON.')
            : edit(body, found, by, request.now);
        }
        case 'DELETE':
          return remove(found, by);
        default:
          return refused(405, 'The request method is not supported.');
      }
    }

    /** Returns the bytes of a file. Its name is in a header (developer.webex.com, "Message Attachments"). */
    function content(id: string): Decision<WebexEvent> {
      const files = [...rooms.values()].flat().flatMap((one) => (one.deleted === true ? [] : (one.files ?? [])));
      const file = files.find((one) => one.id === id);
      if (file === undefined) return refused(404, notFound);
      // RFC 6266: `filename` is for clients that do not know `filename*`.
      const plain = file.name.replaceAll(/[^\x20-\x7e]|["\\]/g, '_');
      const disposition = `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(file.name)}`;
      const headers = { 'content-disposition': disposition, 'content-type': file.mediaType };
      return { answer: { status: 200, headers, body: Buffer.from(file.base64, 'base64') } };
    }

    function post(request: SimulatedRequest, by: string): Decision<WebexEvent> {
      const form = readForm(request);
      const body = form?.fields ?? readBody(request);
      if (body === undefined) return refused(400, 'The request body is not JSON.');
      const now = request.now.getTime();
      if (limited && now < (lastPosts.get(by) ?? 0) + limitMs)
        return refused(429, 'Too many requests.', { 'retry-after': '1' });
      if (limited) lastPosts.set(by, now);
      return create(body, messagesOf(body['roomId']), { id: newId(), personId: by, now: request.now }, form?.files);
    }

    return {
      handle(request): Decision<WebexEvent | WebhookEvent> {
        const by = ownerOf(/^Bearer (.+)$/.exec(request.headers['authorization'] ?? '')?.[1]);
        if (by === undefined) return refused(401, 'The request requires a valid access token.');
        const [, resource, id, ...more] = /^\/v1\/(.*)$/.test(request.path) ? request.path.slice(3).split('/') : [];
        if (more.length > 0) return refused(404, notFound);
        if (resource === 'messages') {
          if (id !== undefined) return message(decodeURIComponent(id), request, by);
          if (request.method === 'GET') return list(messagesOf(request.query.get('roomId')), request, by);
          return request.method === 'POST' ? post(request, by) : refused(405, 'The request method is not supported.');
        }
        if (resource === 'webhooks')
          return webhooks.handle(request, readBody(request), id === undefined ? undefined : decodeURIComponent(id), by);
        if (resource === 'contents') return content(decodeURIComponent(id ?? ''));
        if (resource !== 'people' || request.method !== 'GET') return refused(404, notFound);
        if (id === undefined) return findPeople({ email: request.query.get('email') ?? '' });
        return findPeople({ id: id === 'me' ? by : decodeURIComponent(id) });
      },
      act: (action, now) => act(action, messagesOf(action.room), newId(), now),
      room: (room) => messagesOf(room).map(roomMessage),
      hooks(event) {
        const change = event as WebexEvent | WebhookEvent;
        if ('kind' in change && change.kind === 'webhook') return [];
        const found = messagesOf(change.roomId).find((one) => one.id === change.id);
        return found === undefined ? [] : eventsOf(change, found, webhooks.all());
      },
      commit(event) {
        const change = event as WebexEvent | WebhookEvent;
        if ('kind' in change && change.kind === 'webhook') return webhooks.commit(change);
        const messages = rooms.get(change.roomId) ?? [];
        rooms.set(change.roomId, messages);
        apply(messages, change);
      },
      accepted: () => ({ rooms: Object.fromEntries(rooms), webhooks: webhooks.all() }),
      controls: {
        /** `{"subscriptions": [Webhook]}`: these webhooks replace all others. */
        subscribe(value) {
          const given = controlBody(value)['subscriptions'] as readonly Webhook[];
          webhooks.replace(given);
          return { subscriptions: given.length };
        },
        /** `{}`: switches all webhooks off, as Webex does after a hundred failures. */
        'switch-off': () => ({ webhooks: webhooks.switchOff() }),
        limits(value) {
          const { enabled = true } = controlBody(value);
          if (typeof enabled !== 'boolean') throw new ControlError('/enabled', 'must be true or false');
          limited = enabled;
          return { enabled };
        },
      },
      faultBody: (status) => ({
        message: `scripted ${status}`,
        errors: [{ description: `scripted ${status}` }],
        trackingId: 'SIM',
      }),
    };
  },
};

function readBody({ body }: SimulatedRequest): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    // The caller answers that the body is not JSON.
    return undefined;
  }
}
