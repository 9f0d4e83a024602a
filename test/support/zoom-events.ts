import { createHmac } from 'node:crypto';
import type { HookEvent, HookRequest, Received } from '../../src/connectors/contract/inbound.ts';
import type { InboundEvent } from '../../src/domain/inbound.ts';
import { zoom } from '../../src/connectors/zoom/index.ts';
import { channelOf, settings as usualSettings } from './zoom.ts';

export const secret = 'test-secret-token';

/** Makes a signed request by hand after Zoom's documentation, without the code under test. */
export function request(body: string, now: Date, key = secret): HookRequest {
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const signature = `v0=${createHmac('sha256', key).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'x-zm-request-timestamp': timestamp,
    'x-zm-signature': signature,
  };
  return { method: 'POST', path: '', query: new URLSearchParams(), headers, body: Buffer.from(body) };
}

export const channel_id = channelOf('room');
export const person = { operator: 'ann@example.com', operator_id: 'uAnn', operator_member_id: 'mAnn' };
export const envelope = (event: string, object: object, operator: object = person, more: object = {}): string =>
  JSON.stringify({
    event,
    event_ts: 1_700_000_000_500,
    payload: { account_id: 'a', by_external_user: false, ...operator, object },
    ...more,
  });
export const message = {
  message_id: 'M1',
  channel_id,
  channel_name: 'room',
  date_time: '2023-11-14T22:13:20Z',
  timestamp: 1_700_000_000_000,
  message: 'a bold word',
  rich_text: [{ start_position: 2, end_position: 6, format_type: 'Bold' }],
};
export const reaction = {
  msg_id: 'M1',
  msg_time: '2023-11-14T22:13:20Z',
  emoji: 'U+1F44D',
  emoji_time: '2023-11-14T22:13:21Z',
  timestamp: 1_700_000_001_000,
  channel_id,
};
export const posted = 'team_chat.channel_message_posted';
export const settings = { ...usualSettings('http://zoom.invalid'), secretTokens: ['an-old-one', secret] };
export const receive = async (body: string, key = secret, more: object = {}): Promise<Received | undefined> =>
  zoom.inbound?.receive(
    request(body, new Date(), key),
    { id: 'acme', settings: { ...settings, ...more } },
    { now: new Date(), keys: { find: async () => undefined } },
  );
export const read = async (body: string, more: object = {}): Promise<HookEvent | Received | undefined> => {
  const received = await receive(body, secret, more);
  return received?.kind === 'events' ? received.events[0] : received;
};
export const eventOf = async (body: string): Promise<InboundEvent> => {
  const found = await read(body);
  if (found !== undefined && 'event' in found) return found.event;
  throw new Error('expected an event', { cause: found });
};
