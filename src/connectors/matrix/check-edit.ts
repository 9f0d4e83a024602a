import type { InboundEvent } from '../../domain/inbound.ts';
import type { LookUpContext, HookConnection } from '../contract/context.ts';
import { at, textAt } from '../http/json-path.ts';
import { find, path } from './api.ts';
import { enter } from './ghosts.ts';
import { nativeId, parseNativeId } from './native-id.ts';

/**
 * Checks whether an edit is valid: it must be by the sender of the original, and the original must be a message and not
 * itself an edit (client-server API, "Validity of replacement events").
 * @returns the completed event; `gone` if the edit is not valid, or if the original is redacted or unknown.
 * @throws SendFailure of any kind but `ambiguous`.
 */
export async function checkEdit(
  edit: InboundEvent,
  connection: HookConnection,
  context: LookUpContext,
): Promise<InboundEvent | 'gone'> {
  const { room, event } = parseNativeId(edit.nativeId);
  await enter(room, connection, context);
  const original = await find({ method: 'GET', path: path`/v3/rooms/${room}/event/${event}` }, connection, context);
  const relation = at(original, 'content', 'm.relates_to');
  const isEditable =
    textAt(original, 'type') === 'm.room.message' &&
    textAt(original, 'sender') === edit.sender?.id &&
    textAt(relation, 'rel_type') !== 'm.replace' &&
    at(original, 'unsigned', 'redacted_because') === undefined;
  if (!isEditable) return 'gone';
  const thread = textAt(relation, 'rel_type') === 'm.thread' ? textAt(relation, 'event_id') : undefined;
  const sender = edit.sender?.id ?? '';
  const { isIncomplete: _checked, ...whole } = edit;
  return { ...whole, nativeId: nativeId({ room, event, sender, ...(thread === undefined ? {} : { thread }) }) };
}
