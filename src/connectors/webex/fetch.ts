import { SendFailure } from '../../domain/failure.ts';
import type { InboundEvent } from '../../domain/inbound.ts';
import type { LookUpContext, HookConnection } from '../contract/context.ts';
import { writeMarkdown } from '../text/markdown.ts';
import { listAt, textAt } from '../http/json-path.ts';
import type { Fetched } from '../contract/inbound.ts';
import { describeFiles } from './files.ts';
import { isProgram, senderOf, timeOf } from './inbound-event.ts';
import { nativeId, parseNativeId } from './native-id.ts';
import { readMessage } from './text/read.ts';
import { ownAccount } from './people.ts';
import { callWebex, messagePath } from './api.ts';

/**
 * Completes a notification with `GET /messages/{id}` (developer.webex.com, "Get Message Details"). A user account of
 * ours can only be recognized by its id, so that is looked up first.
 */
export async function fetchMessage(
  event: InboundEvent,
  connection: HookConnection,
  context: LookUpContext,
): Promise<Fetched> {
  const { id: own } = await ownAccount(connection, context);
  if (event.sender?.id === own) return { ignored: 'own_post' };
  const { id } = parseNativeId(event.nativeId);
  const message = await getMessage(id, connection, context);
  if (message === undefined) return 'gone';
  const { sender = event.sender } = senderOf(message);
  if (sender?.id === own) return { ignored: 'own_post' };
  if (isProgram(message, connection.settings)) return { ignored: 'bot_post' };
  return completed(event, message, connection, context);
}

/** Adds the content of its message to an event. */
export async function completed(
  incomplete: InboundEvent,
  message: unknown,
  connection: HookConnection,
  context: LookUpContext,
): Promise<InboundEvent> {
  const { isIncomplete: _, ...event } = incomplete;
  const { room, id } = parseNativeId(event.nativeId);
  const { sender = event.sender } = senderOf(message);
  const [thread, updated] = [textAt(message, 'parentId'), textAt(message, 'updated')];
  const files = await describeFiles(listAt(message, 'files'), connection, context);
  return {
    ...event,
    nativeId: nativeId({ room, id, ...(thread === undefined ? {} : { thread }) }),
    ...(thread === undefined || event.kind !== 'created' ? {} : { thread: nativeId({ room, id: thread }) }),
    // The text is that of the latest edit, even if the notification was about an earlier one.
    ...(event.kind === 'edited' && updated !== undefined ? { revision: timeOf(updated, context.now) } : {}),
    text: writeMarkdown(readMessage(message, connection.id)),
    ...(files.length === 0 ? {} : { files }),
    ...(sender === undefined ? {} : { sender }),
  };
}

async function getMessage(id: string, connection: HookConnection, context: LookUpContext): Promise<unknown> {
  try {
    const { json } = await callWebex({ method: 'GET', path: messagePath(id), about: 'look-up' }, connection, context);
    if (textAt(json, 'id') !== undefined) return json;
    throw new SendFailure({ kind: 'transient', code: 'bad_response', message: 'Webex answered with no message' });
  } catch (error) {
    if (error instanceof SendFailure && error.status === 404) return undefined;
    throw error;
  }
}
