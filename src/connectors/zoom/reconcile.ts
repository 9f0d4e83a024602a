import { SendFailure } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { Outgoing, Receipt, SendContext } from '../contract/connector.ts';
import { at, textAt } from '../http/json-path.ts';
import { restated } from '../http/restated.ts';
import { callZoom, messagesPath } from './api.ts';
import { isMarked, markOf, withoutMarks } from '../text/invisible-mark.ts';
import { placeOf, receiptOf } from './native-id.ts';
import { render } from './outbound.ts';
import { isOurUser } from './settings.ts';

/** How far Zoom's clock, which dates the messages, may differ from ours. */
const clockMarginMs = 5 * 60_000;
/** The largest page that Zoom returns (developers.zoom.us, List a user's chat messages). */
const pageSize = 50;
/** Stops reading a channel that grows faster than it is read: 5 000 messages. */
const maxPages = 100;
const maxPageBytes = 8 * 1_024 * 1_024;

type Json = Readonly<Record<string, unknown>>;

/**
 * Looks for the delivery's post in the channel's history, which also shows replies in threads and messages that were
 * edited or deleted since.
 *
 * Two deliveries may have the same text, so the proof is the mark before the text (`text/invisible-mark.ts`). If Zoom
 * should have removed the mark, a post is recognized by sender, text and thread, but only if exactly one such post
 * exists and it is not older than the first attempt. It may still be the post of another delivery with the same text at
 * the same moment; the text is then in the channel once instead of twice. If there are several such posts, or one that
 * an earlier delivery may have made, the look-up fails. It must not report "absent", because the post would then be
 * sent again.
 * @returns undefined only after everything was read to its end.
 * @throws SendFailure transient or permanent if Zoom refused, the end was not reached, or the post cannot be
 * identified.
 */
export async function reconcile(outgoing: Outgoing, since: Date, context: SendContext): Promise<Receipt | undefined> {
  const deadline = performance.now() + context.timeoutMs;
  const mark = markOf(outgoing.key);
  const isTwin = twinOf(outgoing);
  const twins: Json[] = [];
  let next = '';
  for (let page = 0; page < maxPages; page += 1) {
    const timeoutMs = Math.floor(deadline - performance.now());
    if (timeoutMs <= 0) break;
    const answer = await readPage(outgoing, { since, next }, { ...context, timeoutMs });
    const { messages } = answer;
    if (!Array.isArray(messages)) throw lookUpFailure('bad_response', 'the history holds no list of messages');
    for (const message of messages as Json[]) {
      if (textAt(message, 'message')?.startsWith(mark) === true) return found(outgoing, message);
      if (isTwin(message)) twins.push(message);
    }
    next = textAt(answer, 'next_page_token') ?? '';
    if (next === '') return foundByText(outgoing, twins, since);
  }
  throw lookUpFailure('look_up_unfinished', 'the history was not read to its end in time');
}

async function readPage(
  { connection, ...outgoing }: Outgoing,
  { since, next }: { since: Date; next: string },
  context: SendContext,
): Promise<Json> {
  const query = new URLSearchParams({
    to_channel: placeOf({ connection, ...outgoing }).channel,
    from: seconds(since.getTime() - clockMarginMs),
    to: seconds(context.now.getTime() + clockMarginMs),
    page_size: String(pageSize),
    include_deleted_and_edited_message: 'true',
    ...(next === '' ? {} : { next_page_token: next }),
  });
  const path = `${messagesPath(connection)}?${query.toString()}`;
  try {
    const { json } = await callZoom(
      { method: 'GET', path, purpose: 'look-up', maxResponseBytes: maxPageBytes },
      connection,
      context,
    );
    return typeof json === 'object' && json !== null ? (json as Json) : {};
  } catch (error) {
    throw error instanceof SendFailure ? asLookUp(error) : error;
  }
}

/** Formats a time as `yyyy-MM-dd'T'HH:mm:ss'Z'`, without fractions. */
function seconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * Restates a failure for a look-up. A lost answer leaves nothing in doubt. If Zoom refuses reading, posting may still
 * work, so only the message is affected, unless Zoom refused the whole connection. Zoom answers 300 if a page token is
 * too old; the next look-up then reads from the start.
 */
function asLookUp(failure: SendFailure): SendFailure {
  const isAgain = failure.kind === 'ambiguous' || failure.code === 'zoom_300';
  return restated(failure, {
    kind: isAgain ? 'transient' : failure.kind,
    affects: failure.affects === 'connection' ? 'connection' : 'message',
  });
}

/** Whether a message without a mark could be the delivery's post. */
function twinOf(outgoing: Outgoing): (message: Json) => boolean {
  const { settings } = outgoing.connection;
  const expected = withoutMarks(render(outgoing, true).text);
  const { thread } = placeOf(outgoing);
  return (message) => {
    const text = textAt(message, 'message') ?? '';
    if (isMarked(text) || text !== expected || textAt(message, 'reply_main_message_id') !== thread) return false;
    // The list names the sender by e-mail address. If our user is configured by id, there is nothing to compare.
    const sender = textAt(message, 'sender');
    return sender === undefined || !String(settings['user']).includes('@') || isOurUser(settings, sender);
  };
}

function foundByText(outgoing: Outgoing, twins: readonly Json[], since: Date): Receipt | undefined {
  const [one, ...more] = twins;
  if (one === undefined) return undefined;
  const time = Number(at(one, 'timestamp') ?? Number.NaN);
  if (more.length > 0 || !(time >= since.getTime()))
    throw lookUpFailure('look_up_unreadable', 'the history does not show which delivery a post is of');
  return found(outgoing, one);
}

function found(outgoing: Outgoing, message: Json): Receipt {
  const id = textAt(message, 'id');
  if (id === undefined) throw lookUpFailure('bad_response', 'the history holds a message without an id');
  const thread = textAt(message, 'reply_main_message_id');
  const { channel } = placeOf(outgoing);
  return receiptOf(outgoing, { channel, id, ...(thread === undefined ? {} : { thread }) });
}

function lookUpFailure(code: ReasonCode, message: string): SendFailure {
  return new SendFailure({ kind: 'transient', affects: 'message', code, message });
}
