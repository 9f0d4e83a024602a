import type { Decision } from '../kit/simulator.ts';

/** A file as events and histories show it, with its bytes. */
export interface SlackFile {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly mimetype: string;
  readonly size: number;
  readonly mode: 'hosted';
  readonly url_private: string;
  readonly permalink: string;
  readonly base64: string;
}

/** A message as it was posted. */
export interface Post {
  readonly channel: string;
  readonly ts: string;
  readonly text: string;
  /** The ts of the thread's root. Only replies have it. */
  readonly thread_ts?: string;
  readonly metadata?: { readonly event_type: string; readonly event_payload?: object };
  /** Id of the bot that posted it, when the token names one. */
  readonly bot?: string;
  /** The person who posted it; absent when a bot did. */
  readonly user?: string;
  /** The name that is shown instead of the bot's own. */
  readonly username?: string;
  readonly blocks?: readonly object[];
  readonly files?: readonly SlackFile[];
}
interface Edit {
  readonly kind: 'edit';
  readonly channel: string;
  readonly ts: string;
  readonly text: string;
  readonly at: string;
  readonly user?: string;
  readonly blocks?: readonly object[];
  /** Null removes the metadata; undefined keeps it. */
  readonly metadata?: Post['metadata'] | null;
}
interface Deletion {
  readonly kind: 'delete';
  readonly channel: string;
  readonly ts: string;
}
interface Reaction {
  readonly kind: 'react' | 'unreact';
  readonly channel: string;
  /** The ts of the message. */
  readonly ts: string;
  readonly user: string;
  readonly name: string;
  readonly at: string;
}
/** What the journal holds. Posts have no `kind`. */
export type SlackEvent = Post | Edit | Deletion | Reaction;

/**
 * The present form of a message. A deleted message stays listed, so that a test can tell it from one that never came.
 */
export interface Held extends Post {
  readonly edited?: { readonly ts: string };
  readonly deleted?: true;
  /** For each reaction's name, the ids of the users who added it. */
  readonly reactions?: Readonly<Record<string, readonly string[]>>;
}
export type Params = Readonly<Record<string, unknown>>;

/** Limits in characters: docs.slack.dev, chat.postMessage, "Truncating content", and chat.update, "Errors". */
const maxText = 40_000;
const maxUpdateText = 4_000;

export function agreed(body: object): Decision<SlackEvent> {
  return { answer: { status: 200, body: { ok: true, ...body } } };
}

export function refused(error: string): Decision<SlackEvent> {
  return { answer: { status: 200, body: { ok: false, error } } };
}

/** Applies an event to the messages of its channel, which are oldest first. */
export function apply(posts: Held[], event: SlackEvent): void {
  if (!('kind' in event)) {
    posts.push(event);
    return;
  }
  const index = posts.findIndex(({ ts }) => ts === event.ts);
  const post = posts[index];
  if (post === undefined) return;
  if (event.kind === 'delete') {
    posts[index] = { ...post, deleted: true };
    return;
  }
  if (event.kind !== 'edit') {
    const others = (post.reactions?.[event.name] ?? []).filter((user) => user !== event.user);
    const users = event.kind === 'react' ? [...others, event.user] : others;
    const { [event.name]: _before, ...rest } = post.reactions ?? {};
    posts[index] = { ...post, reactions: users.length === 0 ? rest : { ...rest, [event.name]: users } };
    return;
  }
  const { metadata: before, ...rest } = post;
  const metadata = event.metadata === undefined ? before : event.metadata;
  posts[index] = {
    ...rest,
    ...(metadata === undefined || metadata === null ? {} : { metadata }),
    text: event.text,
    ...(event.blocks === undefined ? {} : { blocks: event.blocks }),
    edited: { ts: event.at },
  };
}

/**
 * chat.postMessage. Slack silently drops a `thread_ts` that names no message or a deleted one, and the post appears in
 * the channel (slack-go/slack#1571). The simulator also drops the ts of a reply: Slack warns against using it
 * (docs.slack.dev, chat.postMessage, `thread_ts`), so a connector that relies on it must fail here.
 */
export function post(posts: readonly Held[], params: Params, place: { channel: string; ts: string; bot?: string }) {
  const { text = '', blocks, attachments, thread_ts: thread, username } = params;
  if (typeof text !== 'string') return refused('invalid_arguments');
  if (text === '' && blocks === undefined && attachments === undefined) return refused('no_text');
  const metadata = readMetadata(params['metadata']);
  if (metadata === 'unreadable' || metadata === null) return refused('invalid_arguments');
  const root = thread === undefined ? undefined : posts.find(({ ts, deleted }) => ts === thread && deleted !== true);
  const event: Post = {
    ...place,
    text: text.slice(0, maxText),
    ...(root === undefined || root.thread_ts !== undefined ? {} : { thread_ts: root.ts }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(typeof username === 'string' ? { username: username.slice(0, 80) } : {}),
  };
  const warnings = text.length > maxText ? { response_metadata: { warnings: ['message_truncated'] } } : {};
  const { channel, ts } = place;
  return { event, ...agreed({ channel, ts, message: shown(event, { allMetadata: true }), ...warnings }) };
}

/**
 * chat.update, for the bot's own messages only. Metadata that the call does not give is kept (docs.slack.dev,
 * chat.update).
 */
export function update(
  posts: readonly Held[],
  params: Params,
  by: string | undefined,
  now: Date,
): Decision<SlackEvent> {
  const { text = '', blocks, attachments, ts } = params;
  if (typeof ts !== 'string' || typeof text !== 'string') return refused('invalid_arguments');
  const found = posts.find((one) => one.ts === ts && one.deleted !== true);
  if (found === undefined) return refused('message_not_found');
  if (found.bot !== by) return refused('cant_update_message');
  if (text === '' && blocks === undefined && attachments === undefined) return refused('no_text');
  if (text.length > maxUpdateText) return refused('msg_too_long');
  const metadata = readMetadata(params['metadata']);
  if (metadata === 'unreadable') return refused('invalid_arguments');
  const { channel } = found;
  const at = `${Math.floor(now.getTime() / 1_000)}.000000`;
  const event: Edit = { kind: 'edit', channel, ts, text, at, ...(metadata === undefined ? {} : { metadata }) };
  return { event, ...agreed({ channel, ts, text }) };
}

/** chat.delete, for the bot's own messages only. */
export function remove(posts: readonly Held[], params: Params, by: string | undefined): Decision<SlackEvent> {
  const { ts } = params;
  if (typeof ts !== 'string') return refused('invalid_arguments');
  const found = posts.find((one) => one.ts === ts && one.deleted !== true);
  if (found === undefined) return refused('message_not_found');
  if (found.bot !== by) return refused('cant_delete_message');
  const { channel } = found;
  return { event: { kind: 'delete', channel, ts }, ...agreed({ channel, ts }) };
}

/**
 * Returns a message as an answer or an event shows it. `replies` are the replies to a root. The message of a person
 * names no bot.
 */
export function shown(
  one: Held,
  { allMetadata, replies = [] }: { allMetadata: boolean; replies?: readonly Held[] },
): Record<string, unknown> {
  const { ts, text, thread_ts: thread, metadata, edited, bot = 'B0CARILLON', blocks, reactions = {} } = one;
  const { user = 'U0CARILLON' } = one;
  const last = replies.at(-1);
  const files = one.files?.map(({ base64: _bytes, ...file }) => file);
  const counted = Object.entries(reactions).map(([name, users]) => ({ name, users, count: users.length }));
  return {
    type: 'message',
    user,
    ...(one.user === undefined
      ? { bot_id: bot, app_id: one.bot === undefined ? 'A0CARILLON' : `A${bot}` }
      : { client_msg_id: `${user}-${ts}` }),
    text,
    ts,
    ...(blocks && { blocks }),
    ...(files && { files }),
    ...(thread === undefined ? {} : { thread_ts: thread, parent_user_id: 'U0CARILLON' }),
    ...(last === undefined ? {} : { thread_ts: ts, reply_count: replies.length, latest_reply: last.ts }),
    ...(edited === undefined ? {} : { edited: { user, ...edited } }),
    ...(counted.length === 0 ? {} : { reactions: counted }),
    ...(metadata === undefined ? {} : { metadata: allMetadata ? metadata : { event_type: metadata.event_type } }),
  };
}

/**
 * Reads metadata: an event type and a payload that is an object. Returns null for the empty object (docs.slack.dev,
 * "Message metadata").
 */
function readMetadata(value: unknown): Post['metadata'] | null | 'unreadable' {
  if (value === undefined) return undefined;
  let metadata = value;
  if (typeof value === 'string') {
    try {
      metadata = JSON.parse(value);
    } catch {
      return 'unreadable';
    }
  }
  if (typeof metadata !== 'object' || metadata === null) return 'unreadable';
  if (Object.keys(metadata).length === 0) return null;
  const { event_type: type, event_payload: payload } = metadata as Params;
  if (typeof type !== 'string' || typeof payload !== 'object' || payload === null) return 'unreadable';
  return { event_type: type, event_payload: payload };
}
