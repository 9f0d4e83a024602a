import type { Random } from './random.ts';

/** The name of a message before it has an id: its conversation, and its number in the conversation, from 1. */
export interface MessageName {
  readonly conversation: string;
  readonly number: number;
}

/** One request to the API. The operations of a conversation are sent in order. */
export type Operation = MessageName & {
  /** When the request is due, in milliseconds since the start of the soak. */
  readonly at: number;
  /** The idempotency key. */
  readonly key: string;
} & (
    | { readonly kind: 'create' | 'delete' }
    /** `version` counts from 2; version 1 is the text of the create. */
    | { readonly kind: 'edit'; readonly version: number }
  );

export interface OperationOptions {
  readonly messages: number;
  readonly conversations: number;
  readonly durationMs: number;
  /** Whether messages are also edited and deleted. */
  readonly edits: boolean;
}

const editShare = 0.1;
const deleteShare = 0.05;
/**
 * An edit or a delete comes at most this long after its message, in milliseconds: so some come while the message is
 * being delivered and some after it has arrived.
 */
const latestChangeMs = 8_000;

/** Returns the text of a message. The audit checks the order by its number and edits by its version. */
export function textOf({ conversation, number }: MessageName, version = 1): string {
  return `${conversation} no ${number} v${version}`;
}

/** Reads a text of `textOf`. Returns undefined for any other text. */
export function readText(text: string): (MessageName & { readonly version: number }) | undefined {
  const [, conversation, number, version] = /^(\S+) no (\d+) v(\d+)$/.exec(text) ?? [];
  return conversation === undefined ? undefined : { conversation, number: Number(number), version: Number(version) };
}

/**
 * Plans which operation is sent when. The messages of each conversation are numbered in their order. Pure: the seed
 * alone decides.
 */
export function planOperations(random: Random, options: OperationOptions): Operation[] {
  const { messages, conversations, durationMs, edits } = options;
  const counts = new Map<string, number>();
  const creates = Array.from({ length: messages }, (_, index): Operation => {
    const conversation = `c${random.between(1, conversations)}`;
    const number = (counts.get(conversation) ?? 0) + 1;
    counts.set(conversation, number);
    const at = Math.floor((index / messages) * durationMs);
    return { kind: 'create', conversation, number, at, key: `${conversation}-${number}` };
  });
  if (!edits) return creates;
  const changes = creates.flatMap((create): Operation[] => {
    const luck = random.next();
    const at = create.at + random.between(0, latestChangeMs);
    if (luck < editShare) return [{ ...create, kind: 'edit', version: 2, at, key: `${create.key}-edit` }];
    return luck < editShare + deleteShare ? [{ ...create, kind: 'delete', at, key: `${create.key}-delete` }] : [];
  });
  return [...creates, ...changes].sort((a, b) => a.at - b.at);
}
