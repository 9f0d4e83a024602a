import { createHash } from 'node:crypto';
import type { Hook } from '../kit/simulator.ts';
import type { IssuerKeys } from './keys.ts';
import { shown, type ChatEvent, type Held } from './messages.ts';

/**
 * A receiver of events.
 * - `push`: a Pub/Sub subscription, whose pushes are signed as `email`. It gets all Workspace Events, or with `topic`
 *   those of the spaces that are subscribed to with this topic.
 * - `classic` and `add-on`: the app's own address, which gets the messages that mention the app, in one of two shapes.
 *   Their `audience` is a URL or a project number.
 */
export interface Subscription {
  readonly url: string;
  readonly kind: 'push' | 'classic' | 'add-on';
  readonly audience: string;
  readonly email?: string;
  /** In the form `projects/X/topics/Y`. */
  readonly topic?: string;
}

/**
 * Waits in milliseconds. Pub/Sub waits longer after each attempt, up to ten minutes, until the push is acknowledged
 * (cloud.google.com/pubsub/docs/push, "Retry requests"); the simulator stops after about a day. How Google Chat itself
 * sends an event again is not published.
 */
const pushSchedule = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, ...Array<number>(140).fill(600)].map((s) => s * 1_000);
const chat = 'chat@system.gserviceaccount.com';
const lifeSeconds = 3_600;

/** Returns the events that Google sends for a change. `held` are the messages of the space after the change. */
export function eventsOf(
  change: ChatEvent,
  held: readonly Held[],
  subscriptions: readonly Subscription[],
  keys: IssuerKeys,
): Hook[] {
  return subscriptions.flatMap((one) => {
    const bodies = one.kind === 'push' ? pushes(change, held) : interactions(change, held, one);
    return bodies.map((body) => hook(body, one, keys));
  });
}

function hook(body: string, { url, kind, audience, email }: Subscription, keys: IssuerKeys): Hook {
  return {
    url,
    schedule: kind === 'push' ? pushSchedule : [],
    timeoutMs: kind === 'push' ? 10_000 : 30_000,
    isSentAgain: () => kind === 'push',
    make: (now) => {
      const iat = Math.floor(now.getTime() / 1_000);
      const life = { aud: audience, iat, exp: iat + lifeSeconds };
      // When the audience is a project number, Google Chat itself signs the token, and it is not an ID token.
      const claims =
        kind !== 'push' && /^\d+$/.test(audience)
          ? { iss: chat, ...life }
          : { iss: 'https://accounts.google.com', email: email ?? chat, email_verified: true, sub: '1', ...life };
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${keys.token(claims)}` };
      return { headers, body };
    },
  };
}

/** Returns the Workspace Events of a change with their resources, as pushes of Pub/Sub. */
function pushes(change: ChatEvent, held: readonly Held[]): string[] {
  const source = `//workspaceevents.googleapis.com/subscriptions/${change.space.replace('/', '-')}`;
  return resources(change, held).map(({ id, type, data }) =>
    wrapped({
      id,
      source,
      subject: `//chat.googleapis.com/${change.space}`,
      type: `google.workspace.chat.${type}`,
      at: change.at,
      data,
    }),
  );
}

/** The parts of a CloudEvent that differ from event to event. */
export interface Said {
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  readonly type: string;
  readonly at: string;
  readonly data: object;
}

/** Returns a push that no change of a message causes. */
export const pushed = (said: Said, subscription: Subscription, keys: IssuerKeys): Hook =>
  hook(wrapped(said), subscription, keys);

/** Returns the body of a Pub/Sub push: the data in base64, and the CloudEvent's fields as attributes. */
function wrapped({ id, source, subject, type, at, data }: Said): string {
  return JSON.stringify({
    message: {
      data: Buffer.from(JSON.stringify(data)).toString('base64'),
      attributes: {
        'ce-id': id,
        'ce-source': source,
        'ce-subject': subject,
        'ce-type': type,
        'ce-time': at,
        'ce-specversion': '1.0',
      },
      messageId: String(Number.parseInt(digestOf(id).slice(0, 12), 16)),
      publishTime: at,
    },
    subscription: 'projects/simulated/subscriptions/carillon',
  });
}

/**
 * A Workspace Event. It is pushed under its id, and listed later under the same id with the then newest version of its
 * resource.
 */
export interface Resource {
  /** In the form `spaces/X/spaceEvents/Z`. */
  readonly id: string;
  readonly type: string;
  readonly data: object;
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Returns the Workspace Events of a change. `held` are the messages of the space after the change. */
export function resources(change: ChatEvent, held: readonly Held[]): Resource[] {
  const event = (name: string, type: string, data: object): Resource => {
    const id = `${change.space}/spaceEvents/${digestOf(`${name} ${type} ${change.at}`).slice(0, 32)}`;
    return { id, type, data };
  };
  if (change.kind === 'delete')
    return change.names.map((name) => event(name, 'message.v1.deleted', { message: { name, deleteTime: change.at } }));
  const found = held.find(({ name }) => name === change.name);
  if (found === undefined) return [];
  switch (change.kind) {
    case 'create':
    case 'edit': {
      const type = `message.v1.${change.kind === 'create' ? 'created' : 'updated'}`;
      return [event(found.name, type, { message: messageOf(found) })];
    }
    default: {
      const { user, emoji, name: of } = change;
      const name = `${of}/reactions/${createHash('sha256').update(`${user.name} ${emoji}`).digest('base64url').slice(0, 16)}`;
      const reaction = { name, user: bare(user), emoji: { unicode: emoji } };
      return [event(name, `reaction.v1.${change.kind === 'react' ? 'created' : 'deleted'}`, { reaction })];
    }
  }
}

/**
 * Returns a message as Workspace Events show it. They hold no e-mail addresses, and of a deleted message only its name
 * and its times.
 */
function messageOf(one: Held): object {
  const { name, at, deleted } = one;
  if (deleted !== undefined) return { name, createTime: at, deleteTime: deleted };
  return shown({ ...one, sender: bare(one.sender) });
}
const bare = ({ email: _email, ...user }: Held['sender']): Held['sender'] => user;

/**
 * Returns an interaction event for a message of a person that mentions the app. Edits, deletions and reactions cause
 * none (developers.google.com/workspace/chat, "Interaction events").
 */
function interactions(change: ChatEvent, held: readonly Held[], { kind }: Subscription): string[] {
  if (change.kind !== 'create' || change.sender.type === 'BOT' || !change.text.includes('<users/900>')) return [];
  const found = held.find(({ name }) => name === change.name);
  if (found === undefined) return [];
  const message = shown(found);
  const space = { name: found.space, type: 'ROOM', spaceType: 'SPACE', displayName: 'A room' };
  const [user, eventTime] = [found.sender, found.at];
  return [
    JSON.stringify(
      kind === 'classic'
        ? { type: 'MESSAGE', eventTime, space, message, user }
        : {
            commonEventObject: { hostApp: 'CHAT' },
            authorizationEventObject: { systemIdToken: 'simulated' },
            chat: { user, eventTime, messagePayload: { message, space } },
          },
    ),
  ];
}
