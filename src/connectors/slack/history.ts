import { SendFailure } from '../../domain/failure.ts';
import type { LookUpContext, Values, HookConnection } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { isUnfinished, maxPageBytes, oldestFirst, readPages, type Page } from '../inbound/history-pages.ts';
import { at, listAt, textAt } from '../http/json-path.ts';
import type { History, HookEvent } from '../contract/inbound.ts';
import { readEvent } from './inbound-event.ts';
import { slackAddress } from './settings.ts';
import { callSlack } from './api.ts';

/**
 * Slack returns at most 999 messages per page, and 15 to some apps, whatever limit is given (docs.slack.dev,
 * conversations.history).
 */
const pageSize = 200;

/** How long before the gap a message may have been posted for its replies and edits to be looked for. */
const lookBackMs = 24 * 3_600_000;

/** What a channel's history does not show, or shows without a time. */
const lacks =
  'What was deleted, reactions to what was said before, and replies to and edits of what was said more than a day before, cannot be learned from Slack.';
const lacksBefore = 'Slack did not show in time what was replied to and edited of what was said before.';

/**
 * Reads what was said in a channel since `since`: first the posts, the replies in their threads, their edits and
 * reactions; then the new replies to posts of the day before, and the edits of these (docs.slack.dev,
 * conversations.history and conversations.replies; OAuth scope channels:history). If there is no time left for the
 * second step, `lacks` says so.
 */
export async function history(
  address: Values,
  since: Date,
  connection: HookConnection,
  context: LookUpContext,
): Promise<History> {
  const channel = readText(slackAddress, address, 'channel');
  const end = performance.now() + context.timeoutMs;
  const read = (method: string, more: Readonly<Record<string, string>>): Promise<unknown[]> => {
    const form = { channel, inclusive: 'true', ...more };
    const left = Math.floor(end - performance.now());
    return readPages({ ...context, timeoutMs: left }, (next, limits) =>
      page(method, { form, next }, connection, limits),
    );
  };
  const oldest = stamp(since.getTime());
  const isSince = (ts: string | undefined): boolean => ts !== undefined && Number(ts) >= Number(oldest);
  const withReplies = async (posts: readonly unknown[]): Promise<unknown[]> => {
    const all = [...posts];
    for (const post of posts) {
      const ts = textAt(post, 'ts');
      if (ts === undefined || !isSince(textAt(post, 'latest_reply'))) continue;
      const replies = await read('conversations.replies', { ts, oldest });
      all.push(...replies.filter((reply) => textAt(reply, 'ts') !== ts));
    }
    return all;
  };
  const found = await withReplies(await read('conversations.history', { oldest }));
  const dayBefore = { oldest: stamp(since.getTime() - lookBackMs), latest: oldest, inclusive: 'false' };
  const before = await unlessOutOfTime(read('conversations.history', dayBefore).then(withReplies));
  const events = [...found, ...(before ?? [])].flatMap((message) => {
    const told = eventsOf(message, channel, connection).flatMap((one) => ('event' in one ? [one.event] : []));
    if (isSince(textAt(message, 'ts'))) return told;
    return told.filter(({ kind, at: moment }) => kind === 'edited' && Date.parse(moment) >= since.getTime());
  });
  return { events: oldestFirst(events), lacks: before === undefined ? [lacks, lacksBefore] : [lacks] };
}

/** Formats a time as Slack does, in seconds. */
const stamp = (ms: number): string => (ms / 1_000).toFixed(6);

/**
 * A failure of the second step must not prevent the use of the first. Slack lets some apps make only one request a
 * minute.
 */
async function unlessOutOfTime(reading: Promise<unknown[]>): Promise<unknown[] | undefined> {
  try {
    return await reading;
  } catch (error) {
    const isLate = error instanceof SendFailure && (isUnfinished(error) || error.retryAfterMs !== undefined);
    if (isLate) return undefined;
    throw error;
  }
}

async function page(
  method: string,
  { form, next }: { form: Readonly<Record<string, string>>; next: string | undefined },
  connection: HookConnection,
  context: LookUpContext,
): Promise<Page> {
  const cursor = next === undefined ? {} : { cursor: next };
  const whole = new URLSearchParams({ ...form, include_all_metadata: 'true', limit: String(pageSize), ...cursor });
  const { answer } = await callSlack(method, whole.toString(), connection, {
    ...context,
    maxResponseBytes: maxPageBytes,
  });
  const more = at(answer, 'has_more') === true ? textAt(answer, 'response_metadata', 'next_cursor') : undefined;
  return { items: listAt(answer, 'messages'), next: more };
}

/**
 * The events that Slack would have sent for a message in its present state. Posts and edits get the same keys as their
 * live events; reactions get keys of their own, because the history does not show their event ids.
 */
function eventsOf(message: unknown, channel: string, connection: HookConnection): HookEvent[] {
  const ts = textAt(message, 'ts') ?? '';
  const told = (event: object): HookEvent[] => {
    const read = readEvent({ event_id: '', event }, connection.id);
    return typeof read === 'string' ? [] : [read];
  };
  const edited = textAt(message, 'edited', 'ts');
  return [
    ...told({ ...(message as object), channel }),
    ...(edited === undefined
      ? []
      : told({ type: 'message', subtype: 'message_changed', channel, message, ts: edited })),
    ...listAt(message, 'reactions').flatMap((reaction) =>
      listAt(reaction, 'users').flatMap((user) => {
        const name = textAt(reaction, 'name') ?? '';
        const item = { type: 'message', channel, ts };
        const read = readEvent(
          {
            event_id: `history:${channel}:${ts}:${name}:${String(user)}`,
            event: { type: 'reaction_added', user, reaction: name, item, event_ts: ts },
          },
          connection.id,
        );
        return typeof read === 'string' ? [] : [read];
      }),
    ),
  ];
}
