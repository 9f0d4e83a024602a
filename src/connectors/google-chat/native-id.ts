import { SendFailure } from '../../domain/failure.ts';
import type { Outgoing, Receipt } from '../contract/connector.ts';
import { readText } from '../contract/fields.ts';
import { googleChatAddress } from './settings.ts';

/** A message of Google Chat and its thread. Every message has a thread; a new message is the root of its own. */
export interface ChatMessage {
  /** `spaces/X/messages/Y`, with the id that Google's system assigned. */
  readonly name: string;
  /** `spaces/X/threads/Z`; absent if an event did not say. */
  readonly thread?: string;
  readonly isReply?: boolean;
}

/**
 * Writes `spaces/X/messages/Y`, followed by `:Z` if the thread `spaces/X/threads/Z` is known, and by `:reply` if the
 * message is not the root of it. Ids contain no colon.
 */
export function nativeId({ name, thread, isReply = false }: ChatMessage): string {
  const id = thread?.split('/').at(-1);
  return id === undefined || id === '' ? name : `${name}:${id}${isReply ? ':reply' : ''}`;
}

/**
 * Reads what `nativeId` wrote.
 * @throws SendFailure permanent `invalid_native_id` if the text has another form, or is null.
 */
export function parseNativeId(text: string | null): ChatMessage & { readonly space: string } {
  const [, space, id, thread, reply] =
    /^(spaces\/[^/:]+)\/messages\/([^/:]+)(?::([^/:]+)(:reply)?)?$/.exec(text ?? '') ?? [];
  if (space === undefined || id === undefined)
    throw new SendFailure({
      kind: 'permanent',
      code: 'invalid_native_id',
      message: 'the receipt of what this refers to names no message of Google Chat',
    });
  return {
    space,
    name: `${space}/messages/${id}`,
    ...(thread === undefined ? {} : { thread: `${space}/threads/${thread}` }),
    isReply: reply !== undefined,
  };
}

/**
 * Returns the message's name without the thread, which not every event states. Returns the name of a thread unchanged.
 */
export const linkKey = (native: string): string => native.split(':')[0] ?? '';

/** Events name the thread of a reply and never the thread's first message. */
export function threadKey(native: string): string | undefined {
  const [name = '', thread, reply] = native.split(':');
  return thread === undefined || reply !== undefined
    ? undefined
    : name.replace(/\/messages\/.*$/, `/threads/${thread}`);
}

/**
 * The space and thread of a new post. The space is always the destination's. A reply goes into its parent's thread if
 * the parent is in this space; it may be in another one if the destination was moved since.
 */
export function placeOf({ action, destination }: Outgoing): { readonly space: string; readonly thread?: string } {
  const space = readText(googleChatAddress, destination.address, 'space');
  if (action.kind !== 'create' || action.thread === undefined) return { space };
  const parent = parseNativeId(action.thread.nativeId);
  return parent.space === space && parent.thread !== undefined ? { space, thread: parent.thread } : { space };
}

/** The receipt of a new post. It says so if a reply was posted outside of its thread. */
export function receiptOf(outgoing: Outgoing, { name, thread }: ChatMessage): Receipt {
  const asked = placeOf(outgoing).thread;
  const isReply = asked !== undefined && asked === thread;
  const { action } = outgoing;
  const isAstray = action.kind === 'create' && action.thread !== undefined && !isReply;
  const text = 'It was posted outside a thread: the thread that it replies to is not in this space any more.';
  return {
    nativeId: nativeId({ name, ...(thread === undefined ? {} : { thread }), isReply }),
    ...(isAstray ? { degraded: { code: 'thread_missing', message: text } } : {}),
  };
}
