import type { ConnectionId } from '../../domain/ids.ts';
import { at, textAt } from '../http/json-path.ts';
import type { HookEvent } from '../contract/inbound.ts';
import { ignored, nameOf, readCreated, readDeleted, readEdited, readSender, timeOf } from './inbound-message.ts';

type Json = Readonly<Record<string, unknown>>;

const types = 'google.workspace.chat.';
/** Of a subscription: it is suspended, expires soon, or has expired ("Receive and respond to lifecycle events"). */
const lifecycle = 'google.workspace.events.subscription.v1.';

/** Why an event that speaks of a subscription is not bridged. */
export const subscriptionLifecycle = 'subscription_lifecycle';

/** A Workspace Event with its resource, however it came. */
export interface WorkspaceEvent {
  /** The same wherever the event is told: `spaces/X/spaceEvents/Z`. */
  readonly id: string | undefined;
  readonly type: string;
  readonly time: string | undefined;
  /** Holds the `message` or the `reaction`. */
  readonly data: unknown;
}

/**
 * One push of Pub/Sub: a Workspace Event with its resource (cloud.google.com/pubsub/docs/push, "Receive push messages";
 * developers.google.com/workspace/events, "Google Chat events").
 * @returns a text where a part that every such event has is missing.
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

/** @returns a text where a part that every such event has is missing. */
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

/** `spaces/X/messages/Y/reactions/R`; the id of the reaction is the same when it goes. */
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
  // Who reacts, takes it away and reacts again may get the same name for it: the event's own id tells them apart.
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

/** Base64 of JSON. */
function decode(data: string | undefined): unknown {
  if (data === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(data, 'base64').toString('utf8'));
  } catch {
    // Kept for an operator, as it came.
    return undefined;
  }
}
