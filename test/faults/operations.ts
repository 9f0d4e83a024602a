import type { Random } from './random.ts';

/** Names a message before it has an id: its conversation and its number in it, from 1. */
export interface MessageName {
  readonly conversation: string;
  readonly number: number;
}

/** One thing that the loader asks of the API, in the order of its conversation. */
export type Operation = MessageName & {
  /** When it is due, milliseconds from the beginning. */
  readonly at: number;
  /** Its idempotency key. */
  readonly key: string;
} & (
    | { readonly kind: 'create' | 'delete' }
    /** `version` counts from 2: the first is what was created. */
    | { readonly kind: 'edit'; readonly version: number }
  );

export interface OperationOptions {
  readonly messages: number;
  readonly conversations: number;
  readonly durationMs: number;
  /** Whether messages are edited and deleted as well. */
  readonly edits: boolean;
}

const editShare = 0.1;
const deleteShare = 0.05;
/** An edit or a delete comes at most so long after its message: while that is on its way, and after it has arrived. */
const latestChangeMs = 8_000;

/** The number of a text is what order is checked by, and its version what edits are. */
export function textOf({ conversation, number }: MessageName, version = 1): string {
  return `${conversation} no ${number} v${version}`;
}

/** @returns undefined for a text that is not one of ours. */
export function readText(text: string): (MessageName & { readonly version: number }) | undefined {
  const [, conversation, number, version] = /^(\S+) no (\d+) v(\d+)$/.exec(text) ?? [];
  return conversation === undefined ? undefined : { conversation, number: Number(number), version: Number(version) };
}

/** What is posted when, each conversation's messages numbered in their order. Pure: the seed decides. */
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
