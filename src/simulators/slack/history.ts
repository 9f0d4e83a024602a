import type { Decision } from '../kit/simulator.ts';
import { agreed, refused, shown, type Held, type Params, type SlackEvent } from './posts.ts';

interface Range {
  readonly limit: number;
  /** The ts of the last message of the page before. */
  readonly after: string | undefined;
  readonly holds: (ts: string) => boolean;
  readonly allMetadata: boolean;
}

/**
 * conversations.history: the messages newest first, without the replies of threads. Messages at `oldest` and `latest`
 * are included only with `inclusive`, and the payload of metadata only when asked for (docs.slack.dev,
 * conversations.history and "Message metadata").
 */
export function history(posts: readonly Held[], params: Params): Decision<SlackEvent> {
  const range = readRange(params);
  if (range === undefined) return refused('invalid_arguments');
  const { after } = range;
  const threads = repliesByRoot(posts);
  const found = posts.filter(
    ({ ts, thread_ts: thread, deleted }) =>
      deleted !== true &&
      thread === undefined &&
      range.holds(ts) &&
      (after === undefined || Number(ts) < Number(after)),
  );
  return page(found.reverse(), range, (one) =>
    shown(one, { allMetadata: range.allMetadata, replies: threads.get(one.ts) ?? [] }),
  );
}

/**
 * conversations.replies: a thread, which is named by the ts of any of its messages. The answer holds the root, whatever
 * the range, then the replies, oldest first. A deleted root with replies appears as a tombstone (docs.slack.dev,
 * conversations.replies). A message without replies is a thread of one message.
 */
export function replies(posts: readonly Held[], params: Params): Decision<SlackEvent> {
  const range = readRange(params);
  if (range === undefined) return refused('invalid_arguments');
  const named = posts.find(({ ts }) => ts === params['ts']);
  const root = named?.thread_ts === undefined ? named : posts.find(({ ts }) => ts === named.thread_ts);
  if (root === undefined) return refused('thread_not_found');
  const inThread = repliesByRoot(posts).get(root.ts) ?? [];
  if (root.deleted === true && inThread.length === 0) return refused('thread_not_found');
  const { after } = range;
  const found = inThread.filter(({ ts }) => range.holds(ts) && (after === undefined || Number(ts) > Number(after)));
  return page(after === undefined ? [root, ...found] : found, range, (one) => {
    if (one.deleted === true) return { type: 'message', subtype: 'tombstone', ts: one.ts, thread_ts: one.ts };
    return shown(one, { allMetadata: range.allMetadata, replies: one === root ? inThread : [] });
  });
}

function repliesByRoot(posts: readonly Held[]): ReadonlyMap<string, readonly Held[]> {
  const threads = new Map<string, Held[]>();
  for (const one of posts) {
    if (one.thread_ts === undefined || one.deleted === true) continue;
    const thread = threads.get(one.thread_ts);
    if (thread === undefined) threads.set(one.thread_ts, [one]);
    else thread.push(one);
  }
  return threads;
}

function readRange(params: Params): Range | undefined {
  const flag = (key: string): boolean => ['true', '1'].includes(String(params[key]));
  const limit = Number(params['limit'] ?? 100);
  if (!Number.isInteger(limit) || limit < 1 || limit > 999) return undefined;
  const { cursor } = params;
  const after = typeof cursor === 'string' && cursor !== '' ? Buffer.from(cursor, 'base64').toString() : undefined;
  if (after !== undefined && !/^\d+\.\d{6}$/.test(after)) return undefined;
  const oldest = Number(params['oldest'] ?? 0);
  const latest = Number(params['latest'] ?? Number.POSITIVE_INFINITY);
  return {
    limit,
    after,
    allMetadata: flag('include_all_metadata'),
    holds(ts) {
      const at = Number(ts);
      return (at > oldest && at < latest) || (flag('inclusive') && (at === oldest || at === latest));
    },
  };
}

function page(found: readonly Held[], { limit }: Range, show: (one: Held) => object): Decision<SlackEvent> {
  const held = found.slice(0, limit);
  const more = found.length > held.length;
  return agreed({
    messages: held.map(show),
    has_more: more,
    ...(more ? { response_metadata: { next_cursor: Buffer.from(held.at(-1)?.ts ?? '').toString('base64') } } : {}),
  });
}
