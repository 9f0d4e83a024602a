import type { ConnectionId } from '../../domain/ids.ts';
import { at, textAt } from '../http/json-path.ts';
import type { HookEvent } from '../contract/inbound.ts';
import { ignored, nameOf, readCreated, readDeleted, readEdited, readSender, timeOf } from './inbound-message.ts';

type Json = Readonly<Record<string, unknown>>;

const types = 'google.workspace.chat.';
/**
 * Events about a subscription: it is suspended, expires soon, or has expired ("Receive and respond to lifecycle
 * events").
 */
const lifecycle = 'google.workspace.events.subscription.v1.';

/** Why an event about a subscription is not bridged. */
export const subscriptionLifecycle = 'subscription_lifecycle';

/** A Workspace Event with its resource, from a push or from the history. */
export interface WorkspaceEvent {
  /** `spaces/X/spaceEvents/Z`, the same in a push and in the history. */
  readonly id: string | undefined;
  readonly type: string;
  readonly time: string | undefined;
  /** Contains the `message` or the `reaction`. */
  readonly data: unknown;
}

/**
 * Reads one push of Pub/Sub, which carries a Workspace Event with its resource (cloud.google.com/pubsub/docs/push,
 * "Receive push messages"; developers.google.com/workspace/events, "Google Chat events").
 * @returns a string that says what is missing if the push lacks a part that every such event has.
 */
export function readPush(push: Json, connection: ConnectionId): readonly HookEvent[] | string {
  const attributes = at(push, 'message', 'attributes');
  const type = textAt(attributes, 'ce-type');
  if (type === undefined) return 'the push says no type of event';
  if (type.startsWith(lifecycle)) return [ignored(subscriptionLifecycle)];
  if (!isKnown(type)) return [ignored('unsupported_event')];
  const data = decode(textAt(push, 'message', 'data'));
  if (data === undefined) return 'the data of the push is no JSON';
  const time = textAt(attributes, 'ce-time') ?? textAt(push, 'message', 'publishTime');
  const id = textAt(attributes, 'ce-id') ?? textAt(push, 'message', 'messageId');
  const read = readWorkspaceEvent({ id, type, time, data }, connection);
  return typeof read === 'string' ? read : [read];
}

const isKnown = (type: string): boolean =>
  type.startsWith(types) && /^(?:message|reaction)\.v1\./.test(type.slice(types.length));

/** @returns a string that says what is missing if the event lacks a part that every such event has. */
export function readWorkspaceEvent(event: WorkspaceEvent, connection: ConnectionId): HookEvent | string {
  const [resource, , what] = event.type.slice(types.length).split('.');
  return resource === 'message' ? readMessages(what, event.data, event.time, connection) : readReaction(what, event);
}

function readMessages(
  what: string | undefined,
  data: unknown,
  time: string | undefined,
  connection: ConnectionId,
): HookEvent | string {
  const message = at(data, 'message');
  switch (what) {
    case 'created':
      return readCreated(message, connection);
    case 'updated':
      return readEdited(message, connection);
    case 'deleted':
      return readDeleted(message, time);
    default:
      return ignored('unsupported_event');
  }
}

/** Reads a reaction, `spaces/X/messages/Y/reactions/R`. The id of the reaction is the same when it is removed. */
function readReaction(what: string | undefined, { id, data, time }: WorkspaceEvent): HookEvent | string {
  if (what !== 'created' && what !== 'deleted') return ignored('unsupported_event');
  const reaction = at(data, 'reaction');
  const name = textAt(reaction, 'name');
  const message = nameOf({ name: name?.replace(/\/reactions\/[^/]+$/, '') });
  const [sender, when] = [readSender(at(reaction, 'user')), timeOf(time)];
  const unicode = textAt(reaction, 'emoji', 'unicode');
  const custom =
    textAt(reaction, 'emoji', 'customEmoji', 'emojiName') ?? textAt(reaction, 'emoji', 'customEmoji', 'uid');
  const emoji = unicode ?? (custom === undefined ? undefined : `:${custom.replaceAll(/[:\s]/g, '')}:`);
  if (name === undefined || message === undefined || emoji === undefined || sender === undefined || when === undefined)
    return 'the reaction names no message, emoji, person or time';
  if (textAt(reaction, 'user', 'type') === 'BOT') return ignored('own_post');
  // A person who removes a reaction and adds it again may get the same name for it. The event's id distinguishes the
  // two.
  if (id === undefined) return 'the reaction names no event';
  return {
    event: {
      key: `reaction:${id}`,
      kind: what === 'created' ? 'reacted' : 'unreacted',
      room: message.space,
      nativeId: message.name,
      at: when,
      sender,
      emoji,
    },
  };
}

/** Decodes JSON in base64. */
function decode(data: string | undefined): unknown {
  if (data === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(data, 'base64').toString('utf8'));
  } catch {
    // The request is reported as unreadable and kept unchanged for an operator.
    return undefined;
  }
}
