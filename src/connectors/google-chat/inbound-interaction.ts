import type { ConnectionId } from '../../domain/ids.ts';
import { at, textAt } from '../http/json-path.ts';
import type { HookEvent } from '../contract/inbound.ts';
import { ignored, readCreated } from './inbound-message.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * What Google Chat tells the app: messages that mention it, or stand in a direct message, and no edits, deletes or reactions
 * (developers.google.com/workspace/chat, "Receive and respond to interaction events"). Two shapes: that of a Chat app, and
 * that of a Workspace add-on.
 * @returns a text where a part that every such event has is missing.
 */
export function readInteraction(event: Json, connection: ConnectionId): readonly HookEvent[] | string {
  const addOn = at(event, 'chat');
  const payload = at(addOn, 'messagePayload');
  if (payload !== undefined) return listOf(readCreated(at(payload, 'message'), connection, at(addOn, 'user')));
  if (textAt(event, 'type') === 'MESSAGE')
    return listOf(readCreated(at(event, 'message'), connection, at(event, 'user')));
  // Added to a space, removed, a click, a command: of the app, and not said in the space.
  if (addOn !== undefined || textAt(event, 'type') !== undefined) return [ignored('unsupported_event')];
  return 'the event has neither a type nor a chat';
}

const listOf = (read: HookEvent | string): readonly HookEvent[] | string => (typeof read === 'string' ? read : [read]);
