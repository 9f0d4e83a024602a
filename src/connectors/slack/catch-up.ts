import type { LookUpContext, Values } from '../connector.ts';
import { readText } from '../fields.ts';
import { maxPageBytes, oldestFirst, readPages, type Page } from '../history-pages.ts';
import { at, listAt, textAt } from '../hook-checks.ts';
import type { History, HookConnection, HookEvent } from '../inbound.ts';
import { readEvent } from './inbound-event.ts';
import { slackAddress } from './settings.ts';
import { callSlack } from './web-api.ts';

/** Slack hands out at most 999, and 15 to some apps; it pages either way (docs.slack.dev, conversations.history). */
const pageSize = 200;

/** What the history of a channel does not show, or shows without saying when it happened. */
const lacks = [
  'What was deleted, and edits, reactions and replies to messages from before, cannot be learned from Slack.',
];

/**
 * What was said in a channel since then: posts, replies in their threads, edits and reactions of these (docs.slack.dev,
 * conversations.history and conversations.replies; scope channels:history).
 */
export async function history(
  address: Values,
  since: Date,
  connection: HookConnection,
  context: LookUpContext,
): Promise<History> {
  const channel = readText(slackAddress, address, 'channel');
  const oldest = (since.getTime() / 1_000).toFixed(6);
  const end = performance.now() + context.timeoutMs;
  const read = (method: string, more: Readonly<Record<string, string>>): Promise<unknown[]> => {
    const form = { channel, oldest, inclusive: 'true', ...more };
    const left = Math.floor(end - performance.now());
    return readPages({ ...context, timeoutMs: left }, (next, limits) =>
      page(method, { form, next }, connection, limits),
    );
  };
  const posts = await read('conversations.history', {});
  const found = [...posts];
  for (const post of posts) {
    const [ts, latest] = [textAt(post, 'ts'), textAt(post, 'latest_reply')];
    if (ts === undefined || latest === undefined) continue;
    const replies = await read('conversations.replies', { ts });
    found.push(...replies.filter((reply) => textAt(reply, 'ts') !== ts));
  }
  const events = found
    .flatMap((message) => eventsOf(message, channel, connection))
    .flatMap((one) => ('event' in one ? [one.event] : []));
  return { events: oldestFirst(events), lacks };
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

/** The events that would have told of a message as it stands now; the same keys as theirs where they have one of their own. */
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
