import { SendFailure } from '../../domain/failure.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { Outgoing, Receipt, SendContext } from '../contract/connector.ts';
import { at, listAt, textAt } from '../http/json-path.ts';
import { restated } from '../http/restated.ts';
import { isMarked, markedAs } from './mark.ts';
import { placeOf, receiptOf } from './native-id.ts';
import { callSlack, type SlackAnswer } from './api.ts';

/** How far Slack's clock, which dates the messages, may be behind ours. */
const clockMarginMs = 5 * 60_000;
/**
 * Slack returns at most 999 messages per page, and 15 to some apps, whatever limit is given (docs.slack.dev,
 * conversations.history).
 */
const pageSize = 200;
/** Stops reading a channel that grows faster than it is read. */
const maxPages = 50;
const maxPageBytes = 8 * 1_024 * 1_024;

/** A list of messages that must be read to its end. */
interface Search {
  readonly method: 'conversations.history' | 'conversations.replies';
  readonly arguments: Readonly<Record<string, string>>;
  readonly channel: string;
  /** In milliseconds on the clock of `performance.now()`. */
  readonly deadline: number;
}

/**
 * Looks for the delivery's mark: in the thread to which it was posted, if any, and in the channel's history. The
 * history shows replies only if Slack put them into the channel because their root was gone (slack-go/slack#1571).
 * @returns undefined only after everything was read to its end.
 * @throws SendFailure transient or permanent if Slack refused or the end was not reached.
 */
export async function reconcile(outgoing: Outgoing, since: Date, context: SendContext): Promise<Receipt | undefined> {
  const { channel, thread } = placeOf(outgoing);
  const oldest = ((since.getTime() - clockMarginMs) / 1_000).toFixed(6);
  const deadline = performance.now() + context.timeoutMs;
  const range = { channel, oldest, inclusive: 'true' };
  const history: Search = { method: 'conversations.history', arguments: range, channel, deadline };
  if (thread === undefined) return search(outgoing, history, context);
  const replies: Search = { ...history, method: 'conversations.replies', arguments: { ...range, ts: thread } };
  const inThread = await search(outgoing, replies, context).catch((error: unknown) => {
    if (error instanceof SendFailure && error.code === 'thread_not_found') return error;
    throw error;
  });
  if (inThread !== undefined && !(inThread instanceof SendFailure)) return inThread;
  const inChannel = await search(outgoing, history, context);
  // A thread that is gone no longer shows its replies, so not finding the post proves nothing.
  if (inChannel === undefined && inThread instanceof SendFailure) throw inThread;
  return inChannel;
}

async function search(outgoing: Outgoing, list: Search, context: SendContext): Promise<Receipt | undefined> {
  let cursor = '';
  for (let page = 0; page < maxPages; page += 1) {
    const timeoutMs = Math.floor(list.deadline - performance.now());
    if (timeoutMs <= 0) break;
    const answer = await readPage(outgoing, list, cursor, { ...context, timeoutMs });
    const found = find(answer, list.channel, outgoing);
    if (found !== undefined) return found;
    cursor = nextCursor(answer);
    if (cursor === '') return undefined;
  }
  throw lookupFailure('look_up_unfinished', 'the history was not read to its end in time');
}

async function readPage(
  { connection }: Outgoing,
  list: Search,
  cursor: string,
  context: SendContext,
): Promise<SlackAnswer> {
  const form = new URLSearchParams({
    ...list.arguments,
    // Without this, Slack returns only the event type of the metadata and not its key.
    include_all_metadata: 'true',
    limit: String(pageSize),
    ...(cursor === '' ? {} : { cursor }),
  });
  try {
    const { answer } = await callSlack(list.method, form.toString(), connection, {
      ...context,
      maxResponseBytes: maxPageBytes,
    });
    return answer;
  } catch (error) {
    throw error instanceof SendFailure ? asLookup(error) : error;
  }
}

/**
 * Restates a failure for a look-up. A lost answer leaves nothing in doubt. If Slack refuses or limits reading, posting
 * may still work, so only the message is affected, unless Slack refused the token or the workspace.
 */
function asLookup(failure: SendFailure): SendFailure {
  const speaksOfAll = failure.affects === 'connection' && failure.code !== 'missing_scope';
  return restated(failure, {
    kind: failure.kind === 'ambiguous' ? 'transient' : failure.kind,
    affects: speaksOfAll ? 'connection' : 'message',
  });
}

function find(answer: SlackAnswer, channel: string, outgoing: Outgoing): Receipt | undefined {
  const { messages } = answer;
  if (!Array.isArray(messages)) throw lookupFailure('bad_response', 'the history holds no list of messages');
  let unreadable = false;
  for (const message of messages as SlackAnswer[]) {
    const marked = markedAs(message, outgoing.key);
    const { ts, thread_ts: thread } = message;
    if (marked === true && typeof ts === 'string')
      return receiptOf(outgoing, { channel, ts, ...(typeof thread === 'string' ? { thread } : {}) });
    unreadable ||= marked === 'unreadable' || mayBeFile(message, outgoing);
  }
  if (unreadable) throw lookupFailure('look_up_unreadable', 'the history does not show which delivery a post is of');
  return undefined;
}

/** Whether a bot posted a file of the same name and size whose title has no mark. Slack may have removed the mark. */
function mayBeFile(message: SlackAnswer, { file }: Outgoing): boolean {
  if (file === undefined || message['bot_id'] === undefined) return false;
  return listAt(message, 'files').some(
    (one) => textAt(one, 'name') === file.name && at(one, 'size') === file.size && !isMarked(message),
  );
}

/** The cursor of the next page; empty at the end of the history. */
function nextCursor(answer: SlackAnswer): string {
  if (answer['has_more'] !== true) return '';
  const cursor = (answer['response_metadata'] as SlackAnswer | undefined)?.['next_cursor'];
  if (typeof cursor !== 'string' || cursor === '')
    throw lookupFailure('bad_response', 'the history goes on, but Slack does not say where');
  return cursor;
}

function lookupFailure(code: ReasonCode, message: string): SendFailure {
  return new SendFailure({ kind: 'transient', affects: 'message', code, message });
}
