import type { Decision } from '../kit/simulator.ts';
import { missing, refused, type Held, type ZoomEvent } from './messages.ts';
import { memberId, userOf } from './users.ts';

/** A page token is valid for 15 minutes, and the history goes back 6 months (List a user's chat messages). */
const tokenMs = 15 * 60_000;
const historyMs = 183 * 24 * 3_600_000;
const largestPage = 50;
const usualPage = 10;

/** GET …/messages: newest first. */
export function list(messages: readonly Held[], query: URLSearchParams, now: Date): Decision<ZoomEvent> {
  const from = timeOf(query.get('from'), 0);
  const to = timeOf(query.get('to'), now.getTime());
  if (Number.isNaN(from) || Number.isNaN(to)) return refused(300, 'Invalid parameter: from or to.');
  if (query.has('from') && from < now.getTime() - historyMs)
    return refused(300, 'Only provide past chat messages in recent 6 months.');
  const size = Number(query.get('page_size') ?? usualPage);
  if (!Number.isInteger(size) || size < 1 || size > largestPage) return refused(300, 'Invalid parameter: page_size.');
  const withChanged = query.get('include_deleted_and_edited_message') === 'true';
  const withReplies = query.get('exclude_child_message') !== 'true';
  const found = messages
    .filter(({ timestamp }) => timestamp >= from && timestamp <= to)
    .filter(({ deleted }) => withChanged || deleted !== true)
    .filter(({ reply_main_message_id: root }) => withReplies || root === undefined)
    .reverse();
  const token = query.get('next_page_token') ?? '';
  const [start = 0, issued = now.getTime()] = token === '' ? [] : token.split('.').map(Number);
  if (Number.isNaN(start) || Number.isNaN(issued) || issued < now.getTime() - tokenMs)
    return refused(300, 'The next page token is invalid or expired.');
  const next = start + size < found.length ? `${start + size}.${now.getTime()}` : '';
  const page = found.slice(start, start + size).map((one) => shown(one, withChanged));
  return { answer: { status: 200, body: { messages: page, next_page_token: next, page_size: size } } };
}

/** GET …/messages/{id}. */
export function get(messages: readonly Held[], id: string): Decision<ZoomEvent> {
  const found = messages.find((one) => one.id === id && one.deleted !== true);
  return found === undefined ? missing(id) : { answer: { status: 200, body: shown(found, false) } };
}

function shown(one: Held, withStatus: boolean): object {
  const { id, message, timestamp, rich_text, at_items, reply_main_message_id: root, from, files } = one;
  const sender = userOf(from);
  const status = one.deleted === true ? 'Deleted' : one.edited === true ? 'Edited' : 'Normal';
  return {
    id,
    message,
    message_type: files.length === 0 ? 'plain_text_message' : 'file_and_text',
    date_time: new Date(timestamp).toISOString().replace(/\.\d+Z$/, 'Z'),
    timestamp,
    sender: sender?.email ?? '',
    send_member_id: sender === undefined ? '' : memberId(sender),
    sender_display_name: sender?.name ?? '',
    ...(rich_text.length === 0 ? {} : { rich_text }),
    ...(at_items.length === 0 ? {} : { at_items }),
    ...(files.length === 0 ? {} : { files: files.map(({ base64: _bytes, media_type: _type, ...file }) => file) }),
    ...(root === undefined ? {} : { reply_main_message_id: root }),
    ...(withStatus ? { status } : {}),
  };
}

function timeOf(text: string | null, absent: number): number {
  return text === null ? absent : Date.parse(text);
}
