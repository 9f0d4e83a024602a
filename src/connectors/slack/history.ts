import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing, Receipt, SendContext } from '../connector.ts';
import { readText } from '../fields.ts';
import { markedAs } from './marker.ts';
import { nativeId } from './outbound.ts';
import { slackAddress } from './settings.ts';
import { callSlack, type SlackAnswer } from './web-api.ts';

/** How far Slack's clock, by which messages are dated, may be behind ours. */
const clockMarginMs = 5 * 60_000;
/** Slack hands out at most 999, and 15 to some apps; it pages either way (docs.slack.dev, conversations.history). */
const pageSize = 200;
/** A bound for a channel that fills faster than it is read. */
const maxPages = 50;
const maxPageBytes = 8 * 1_024 * 1_024;

/**
 * Looks for the delivery's marker in the channel's history.
 * @returns undefined only after the history was read to its end.
 * @throws SendFailure transient or permanent where Slack refused or the end was not reached.
 */
export async function reconcile(outgoing: Outgoing, since: Date, context: SendContext): Promise<Receipt | undefined> {
  const channel = readText(slackAddress, outgoing.destination.address, 'channel');
  const oldest = (since.getTime() - clockMarginMs) / 1_000;
  const deadline = performance.now() + context.timeoutMs;
  let cursor = '';
  for (let page = 0; page < maxPages; page += 1) {
    const timeoutMs = Math.floor(deadline - performance.now());
    if (timeoutMs <= 0) break;
    const answer = await readPage(outgoing, { channel, oldest: oldest.toFixed(6), cursor }, { ...context, timeoutMs });
    const found = find(answer, channel, outgoing);
    if (found !== undefined) return found;
    cursor = nextCursor(answer);
    if (cursor === '') return undefined;
  }
  throw lookupFailure('lookup_unfinished', 'the history was not read to its end in time');
}

async function readPage(
  { connection }: Outgoing,
  { channel, oldest, cursor }: { channel: string; oldest: string; cursor: string },
  context: SendContext,
): Promise<SlackAnswer> {
  const form = new URLSearchParams({
    channel,
    oldest,
    inclusive: 'true',
    // Without it Slack hands out the event type only, and not whose post it is.
    include_all_metadata: 'true',
    limit: String(pageSize),
    ...(cursor === '' ? {} : { cursor }),
  });
  const body = { type: 'application/x-www-form-urlencoded', text: form.toString() } as const;
  try {
    const { answer } = await callSlack('conversations.history', body, connection, {
      ...context,
      maxResponseBytes: maxPageBytes,
    });
    return answer;
  } catch (error) {
    // A look-up changes nothing, so losing its answer leaves nothing in doubt: it can be asked again.
    if (error instanceof SendFailure && error.kind === 'ambiguous')
      throw lookupFailure(error.code, error.message, error);
    throw error;
  }
}

function find(answer: SlackAnswer, channel: string, { delivery }: Outgoing): Receipt | undefined {
  const { messages } = answer;
  if (!Array.isArray(messages)) throw lookupFailure('bad_response', 'the history holds no list of messages');
  let unreadable = false;
  for (const message of messages as SlackAnswer[]) {
    const marked = markedAs(message, delivery);
    if (marked === true && typeof message['ts'] === 'string') return { nativeId: nativeId(channel, message['ts']) };
    unreadable ||= marked === 'unreadable';
  }
  if (unreadable) throw lookupFailure('lookup_unreadable', 'the history does not show which delivery a post is of');
  return undefined;
}

/** Empty at the end of the history. */
function nextCursor(answer: SlackAnswer): string {
  if (answer['has_more'] !== true) return '';
  const cursor = (answer['response_metadata'] as SlackAnswer | undefined)?.['next_cursor'];
  if (typeof cursor !== 'string' || cursor === '')
    throw lookupFailure('bad_response', 'the history goes on, but Slack does not say where');
  return cursor;
}

function lookupFailure(code: string, message: string, cause?: SendFailure): SendFailure {
  return new SendFailure({
    kind: 'transient',
    code,
    message,
    cause,
    ...(cause?.status === undefined ? {} : { status: cause.status }),
    ...(cause?.retryAfterMs === undefined ? {} : { retryAfterMs: cause.retryAfterMs }),
    ...(cause?.excerpt === undefined ? {} : { excerpt: cause.excerpt }),
  });
}
