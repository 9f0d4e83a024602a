import { createHash } from 'node:crypto';
import type { Hook } from '../kit/simulator.ts';
import type { IssuerKeys } from './keys.ts';
import { shown, type ChatEvent, type Held } from './messages.ts';

/**
 * Who gets events. `push`: a Pub/Sub subscription of all Workspace Events, or of those that go to a topic, which signs as
 * `email`. `classic`, `add-on`: the
 * app's own address, which is told of messages that mention it, in either shape; its audience is a URL or a project number.
 */
export interface Subscription {
  readonly url: string;
  readonly kind: 'push' | 'classic' | 'add-on';
  readonly audience: string;
  readonly email?: string;
  /** `projects/X/topics/Y`. */
  readonly topic?: string;
}

/**
 * Pub/Sub waits longer each time, at most ten minutes, until it is acknowledged (cloud.google.com/pubsub/docs/push, "Retry
 * requests"); a day is an end for us. Google Chat's own redelivery is not published.
 */
const pushSchedule = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, ...Array<number>(140).fill(600)].map((s) => s * 1_000);
const chat = 'chat@system.gserviceaccount.com';
const lifeSeconds = 3_600;

/** What Google tells of a change. `held` are those of the space, after the change. */
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
      // A project number as audience: signed by Google Chat itself, and no ID token.
      const claims =
        kind !== 'push' && /^\d+$/.test(audience)
          ? { iss: chat, ...life }
          : { iss: 'https://accounts.google.com', email: email ?? chat, email_verified: true, sub: '1', ...life };
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${keys.token(claims)}` };
      return { headers, body };
    },
  };
}

/** Workspace Events of a space, each with its resource. */
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

/** A CloudEvent. */
export interface Said {
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  readonly type: string;
  readonly at: string;
  readonly data: object;
}

/** One push that no change of a message brings about. */
export const pushed = (said: Said, subscription: Subscription, keys: IssuerKeys): Hook =>
  hook(wrapped(said), subscription, keys);

/** As Pub/Sub wraps them: base64 of the data, and what CloudEvents says in attributes. */
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

/** A Workspace Event: under its id it is pushed, and listed later with its resource as that is then. */
export interface Resource {
  /** `spaces/X/spaceEvents/Z`. */
  readonly id: string;
  readonly type: string;
  readonly data: object;
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What a change is to those who are told of it. */
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

/** Addresses are in interaction events only; of what was deleted there is a name and a time. */
function messageOf(one: Held): object {
  const { name, at, deleted } = one;
  if (deleted !== undefined) return { name, createTime: at, deleteTime: deleted };
  return shown({ ...one, sender: bare(one.sender) });
}
const bare = ({ email: _email, ...user }: Held['sender']): Held['sender'] => user;

/** Of what the app is mentioned in; no edits, deletes or reactions (developers.google.com/workspace/chat, "Interaction events"). */
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
