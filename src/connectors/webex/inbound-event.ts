import type { InboundEvent, InboundSender } from '../../domain/inbound.ts';
import { at, textAt } from '../http/json-path.ts';
import type { Values } from '../contract/context.ts';
import type { HookEvent } from '../contract/inbound.ts';
import { nativeId } from './native-id.ts';

type Json = Readonly<Record<string, unknown>>;

/** Every bot's address ends so (developer.webex.com, "Bots"). */
const botAddress = /@webex\.bot$/i;

/**
 * One notification of a webhook (developer.webex.com, "Webhooks", "Webhook Event Reference"): ids only, the text is
 * encrypted and has to be fetched. The `id` of the notification is the webhook's, not the event's.
 * @param settings of the connection.
 * @param now stands for the time where the notification says none.
 * @returns a text where a part that every such notification has is missing.
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
  // In 2020 an edit came as one more `created` (webex-node-bot-framework#20): what was updated is no new message.
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

/** An edit without its time cannot be told from its redelivery; each is taken, as what is fetched is the newest anyway. */
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
 * Whether a program said it: a bot, our own, another Carillon's or any, or one of the accounts that are known for it. Two
 * programs that answer each other would never end.
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

/** As ISO 8601 with milliseconds, so that times can be compared as texts. */
export function timeOf(text: string | undefined, otherwise: Date): string {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return (Number.isNaN(time) ? otherwise : new Date(time)).toISOString();
}
