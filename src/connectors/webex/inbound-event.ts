import type { InboundEvent, InboundSender } from '../../domain/inbound.ts';
import { at, textAt } from '../http/json-path.ts';
import type { Values } from '../contract/context.ts';
import type { HookEvent } from '../contract/inbound.ts';
import { nativeId } from './native-id.ts';

type Json = Readonly<Record<string, unknown>>;

/** The e-mail address of every bot ends like this (developer.webex.com, "Bots"). */
const botAddress = /@webex\.bot$/i;

/**
 * Reads one notification of a webhook (developer.webex.com, "Webhooks", "Webhook Event Reference"). It contains only
 * ids, because texts are encrypted and must be fetched. Its `id` identifies the webhook and not the event.
 * @param settings the connection's settings.
 * @param now used as the time if the notification has none.
 * @returns a string that says what is missing if the notification lacks a part that every such one has.
 */
export function readEvent(json: Json, settings: Values, now: Date): HookEvent | string {
  const [resource, event] = [textAt(json, 'resource'), textAt(json, 'event')];
  if (resource === undefined || event === undefined) return 'the notification names no resource or no event';
  if (resource !== 'messages' || !/^(?:created|updated|deleted)$/.test(event)) return { ignored: 'unsupported_event' };
  const data = at(json, 'data');
  const [id, room] = [textAt(data, 'id'), textAt(data, 'roomId')];
  if (id === undefined || room === undefined) return 'the notification names no message or no room';
  if (isProgram(data, settings)) return { ignored: 'bot_post' };
  const thread = textAt(data, 'parentId');
  const native = nativeId({ room, id, ...(thread === undefined ? {} : { thread }) });
  const common = { room, nativeId: native, ...senderOf(data) };
  if (event === 'deleted')
    return { event: { ...common, key: `deleted:${id}`, kind: 'deleted', at: timeOf(undefined, now) } };
  const updated = textAt(data, 'updated');
  // In 2020, edits arrived as a second `created` (webex-node-bot-framework#20). A message that was updated is not new.
  if (event === 'updated' || (updated !== undefined && updated !== textAt(data, 'created')))
    return { event: edited(common, id, updated, now) };
  return {
    event: {
      ...common,
      key: `created:${id}`,
      kind: 'created',
      ...(thread === undefined ? {} : { thread: nativeId({ room, id: thread }) }),
      at: timeOf(textAt(data, 'created'), now),
      isIncomplete: true,
    },
  };
}

/**
 * Reads an edit. Without a time it cannot be distinguished from its redelivery, so each is accepted; the newest text is
 * fetched in any case.
 */
function edited(
  common: Pick<InboundEvent, 'room' | 'nativeId' | 'sender'>,
  id: string,
  updated: string | undefined,
  now: Date,
): InboundEvent {
  const moment = timeOf(updated, now);
  return {
    ...common,
    key: `edited:${id}:${updated ?? `at ${moment}`}`,
    kind: 'edited',
    at: moment,
    ...(updated === undefined ? {} : { revision: moment }),
    isIncomplete: true,
  };
}

/**
 * Whether a program wrote the message: any bot, or one of the accounts in `programs`, such as another Carillon's. Two
 * programs that answer each other would never stop.
 */
export function isProgram(message: unknown, { programs }: Values): boolean {
  const address = (textAt(message, 'personEmail') ?? '').toLowerCase();
  const known = typeof programs === 'string' ? programs.toLowerCase().split(/, ?/) : [];
  return botAddress.test(address) || known.includes(address);
}

export function senderOf(message: unknown): { sender?: InboundSender } {
  const [id, email] = [textAt(message, 'personId'), textAt(message, 'personEmail')];
  return id === undefined ? {} : { sender: { id, ...(email === undefined ? {} : { email }) } };
}

/** Converts a time to ISO 8601 with milliseconds, so that times can be compared as texts. */
export function timeOf(text: string | undefined, otherwise: Date): string {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return (Number.isNaN(time) ? otherwise : new Date(time)).toISOString();
}
