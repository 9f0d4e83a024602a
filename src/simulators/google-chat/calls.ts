import type { Decision } from '../kit/simulator.ts';
import { agreed, find, newId, nextTime, refused, shown, type ChatEvent, type Held, type User } from './messages.ts';

/** One call for a space that exists. */
export interface Call {
  readonly space: string;
  readonly held: readonly Held[];
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly now: Date;
  /** Whether the platform still remembers request ids. Google does not publish for how long it does. */
  readonly remembers: boolean;
}

export const app: User = { name: 'users/900', displayName: 'Carillon', type: 'BOT' };
/** The only credential of the simulated project. */
const credential = 'app';
/** The largest text in bytes (developers.google.com/workspace/chat, "Usage limits"). */
const maxBytes = 32_000;

/**
 * spaces.messages.create. A known `requestId` changes nothing; the answer is the message that it created, with a part
 * of its fields. A `messageId` can be given once in a space.
 */
export function create({ space, held, query, body, now, remembers }: Call): Decision<ChatEvent> {
  const { text } = body;
  const [requestId, client] = [query.get('requestId'), query.get('messageId') ?? undefined];
  const request = requestId === null ? undefined : `${credential} ${requestId}`;
  const before = request === undefined || !remembers ? undefined : held.find((one) => one.request === request);
  if (before !== undefined) return agreed({ name: before.name, createTime: before.at });
  if (client !== undefined && !/^client-[a-z0-9-]{1,56}$/.test(client))
    return refused('INVALID_ARGUMENT', 'Invalid messageId.');
  const problem = textProblem(text);
  if (problem !== undefined) return problem;
  // The name of a deleted message cannot be given again.
  if (client !== undefined && held.some((one) => one.client === client))
    return refused('ALREADY_EXISTS', 'Requested entity already exists');
  const option = query.get('messageReplyOption');
  const asked = (body['thread'] as { name?: unknown } | undefined)?.name;
  const isThere = held.some(({ thread, deleted }) => deleted === undefined && thread === asked);
  if (option === 'REPLY_MESSAGE_OR_FAIL' && !isThere) return refused('NOT_FOUND', 'Thread not found.');
  // Without the option a new thread begins, whatever thread the request names.
  const isReply = option?.startsWith('REPLY_MESSAGE') === true && isThere;
  const event: ChatEvent = {
    kind: 'create',
    space,
    name: `${space}/messages/${newId(space, held.length, 'message')}`,
    ...(client === undefined ? {} : { client }),
    ...(request === undefined ? {} : { request }),
    thread: isReply ? String(asked) : `${space}/threads/${newId(space, held.length, 'thread')}`,
    isReply,
    sender: app,
    text: String(text),
    at: nextTime(held, now),
  };
  return { event, ...agreed(shown({ ...event, reactions: [] })) };
}

export function get({ space, held }: Call, id: string): Decision<ChatEvent> {
  const found = find(held, space, id);
  return found === undefined ? refused('NOT_FOUND', 'Message not found.') : agreed(shown(found));
}

/** spaces.messages.patch, for the app's own messages only. Changes only the fields that the mask names. */
export function patch({ space, held, query, body, now }: Call, id: string): Decision<ChatEvent> {
  const found = find(held, space, id);
  if (found === undefined) return refused('NOT_FOUND', 'Message not found.');
  if (found.sender.name !== app.name) return refused('PERMISSION_DENIED', 'Cannot update messages of others.');
  if (query.get('updateMask')?.split(',').includes('text') !== true)
    return refused('INVALID_ARGUMENT', 'Invalid update mask.');
  const problem = textProblem(body['text']);
  if (problem !== undefined) return problem;
  const at = nextTime(held, now);
  const text = String(body['text']);
  const event: ChatEvent = { kind: 'edit', space, name: found.name, text, at };
  return { event, ...agreed(shown({ ...found, text, edited: at })) };
}

/**
 * spaces.messages.delete, for the app's own messages only. A message with replies is deleted only with `force`, which
 * deletes the replies too.
 */
export function remove({ space, held, query, now }: Call, id: string): Decision<ChatEvent> {
  const found = find(held, space, id);
  if (found === undefined) return refused('NOT_FOUND', 'Message not found.');
  if (found.sender.name !== app.name) return refused('PERMISSION_DENIED', 'Cannot delete messages of others.');
  const names = withReplies(held, found);
  if (names.length > 1 && query.get('force') !== 'true')
    return refused('FAILED_PRECONDITION', 'The message has replies.');
  return { event: { kind: 'delete', space, names, at: nextTime(held, now) }, ...agreed({}) };
}

/** Returns the name of a message and, if it is the first of a thread, the names of its replies. */
export function withReplies(held: readonly Held[], found: Held): string[] {
  const replies = held.filter(
    ({ thread, isReply, deleted }) => !found.isReply && isReply && deleted === undefined && thread === found.thread,
  );
  return [found.name, ...replies.map(({ name }) => name)];
}

function textProblem(text: unknown): Decision<never> | undefined {
  if (typeof text !== 'string' || text.trim() === '') return refused('INVALID_ARGUMENT', 'Message cannot be empty.');
  return Buffer.byteLength(text) > maxBytes ? refused('INVALID_ARGUMENT', 'Message is too long.') : undefined;
}
