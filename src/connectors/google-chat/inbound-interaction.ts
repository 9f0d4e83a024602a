import type { ConnectionId } from '../../domain/ids.ts';
import { at, textAt } from '../http/json-path.ts';
import type { HookEvent } from '../contract/inbound.ts';
import { ignored, readCreated } from './inbound-message.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads an interaction event. Google Chat sends the app messages that mention it or are in a direct message, but no
 * edits, deletes or reactions (developers.google.com/workspace/chat, "Receive and respond to interaction events").
 * There are two shapes: that of a Chat app and that of a Workspace add-on.
 * @returns a string that says what is missing if the event lacks a part that every such event has.
 */
export function readInteraction(event: Json, connection: ConnectionId): readonly HookEvent[] | string {
  const addOn = at(event, 'chat');
  const payload = at(addOn, 'messagePayload');
  if (payload !== undefined) return listOf(readCreated(at(payload, 'message'), connection, at(addOn, 'user')));
  if (textAt(event, 'type') === 'MESSAGE')
    return listOf(readCreated(at(event, 'message'), connection, at(event, 'user')));
  // The app was added to a space or removed, or somebody clicked a button or used a command: nothing was said in the
  // space.
  if (addOn !== undefined || textAt(event, 'type') !== undefined) return [ignored('unsupported_event')];
  return 'the event has neither a type nor a chat';
}

const listOf = (read: HookEvent | string): readonly HookEvent[] | string => (typeof read === 'string' ? read : [read]);
