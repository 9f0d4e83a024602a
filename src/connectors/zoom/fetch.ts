import type { InboundEvent } from '../../domain/inbound.ts';
import { SendFailure } from '../../domain/failure.ts';
import type { LookUpContext, HookConnection } from '../contract/context.ts';
import { asLookUp } from '../http/restated.ts';
import { callZoom, messagesPath } from './api.ts';
import { contentOf } from './inbound-event.ts';
import { parseNativeId } from './native-id.ts';

/**
 * Completes an event by fetching its message, which says whom it mentions and where its files are (developers.zoom.us,
 * Get a message; OAuth scope `team_chat:read:user_message:admin`).
 * @returns `gone` if Zoom no longer has the message; the event with the text that it came with if we may not read the
 * message, because a message without its mentions is better than none.
 * @throws SendFailure transient.
 */
export async function complete(
  incomplete: InboundEvent,
  connection: HookConnection,
  context: LookUpContext,
): Promise<InboundEvent | 'gone'> {
  const { isIncomplete: _, ...event } = incomplete;
  const { channel, id } = parseNativeId(event.nativeId);
  const path = `${messagesPath(connection, id)}?${new URLSearchParams({ to_channel: channel }).toString()}`;
  try {
    const { json } = await callZoom({ method: 'GET', path, purpose: 'look-up' }, connection, context);
    const { text, files } = contentOf(json, connection);
    return { ...event, ...(text === undefined ? {} : { text }), ...(files === undefined ? {} : { files }) };
  } catch (error) {
    const failure = asLookUp(error);
    if (!(failure instanceof SendFailure) || failure.kind !== 'permanent') throw failure;
    // On this call, Zoom answers 300 for a message that does not exist.
    return /^zoom_(?:300|4131)$/.test(failure.code) ? 'gone' : event;
  }
}
