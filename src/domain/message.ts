import type { MessageId, TenantId } from './ids.ts';

/** The version of the envelope below. Every message that is stored or sent contains it. */
export const schemaVersion = '1';

export const priorities = ['critical', 'high', 'normal', 'low'] as const;
export type Priority = (typeof priorities)[number];

/** JSON as it was received. It is passed on and never interpreted. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The person or program that a message is from. */
export interface Sender {
  readonly name: string;
  readonly email?: string;
  readonly avatarUrl?: string;
  /** The sender's identity on the platform on which they wrote; only for messages that came in from a platform. */
  readonly native?: { readonly connection: string; readonly connector: string; readonly id: string };
}

/** A file that came with a message and is still stored at its platform. */
export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly mediaType?: string;
  /** In bytes. */
  readonly size?: number;
  /** The address for downloading, with the credentials of its connection. */
  readonly url?: string;
  /** The page on which a person may view it. */
  readonly page?: string;
}

/** What a message says. This is the only part of a message that is encrypted at rest and erased by retention. */
export interface Content {
  /** Markdown (CommonMark with GFM tables, strikethrough and autolinks). */
  readonly text: string;
  readonly fields?: { readonly [key: string]: Json };
  readonly attachments?: readonly Attachment[];
  /** For a reaction: a Unicode emoji, or `:name:` where Unicode has no such emoji. */
  readonly emoji?: string;
}

/** The canonical envelope. Times are ISO 8601 in UTC. */
export interface Message {
  readonly id: MessageId;
  readonly tenant: TenantId;
  /** `message.created` or any dotted domain type such as `incident.opened`. */
  readonly type: string;
  readonly source: string;
  readonly occurredAt: string;
  readonly receivedAt: string;
  readonly schemaVersion: string;
  readonly dataVersion?: string;
  /** Rises by one for each message of a conversation; gaps mean nothing. Null without a conversation. */
  readonly sequence: number | null;
  readonly correlationId: string;
  readonly conversation: string | null;
  /** The message that this one replies to. On platforms with threads, the reply goes into its thread. */
  readonly thread?: MessageId;
  /** The message that this one edits, deletes or reacts to. */
  readonly refersTo?: MessageId;
  readonly sender: Sender | null;
  readonly content: Content;
  readonly priority: Priority;
  readonly labels: { readonly [key: string]: string };
}

/**
 * At rest: `delivered`, `partial`, `failed`, `cancelled`. An `unrouted` message matched nothing and waits for a replay.
 */
export const messageStates = [
  'accepted',
  'delivering',
  'delivered',
  'partial',
  'failed',
  'cancelled',
  'unrouted',
] as const;
export type MessageState = (typeof messageStates)[number];
