import type { MessageId, TenantId } from './ids.ts';

/** The version of the envelope below, in every message stored or sent. */
export const schemaVersion = '1';

export const priorities = ['critical', 'high', 'normal', 'low'] as const;
export type Priority = (typeof priorities)[number];

/** JSON as it came: carried, never looked into. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Sender {
  readonly name: string;
  readonly email?: string;
  readonly avatarUrl?: string;
  /** Who it is on the platform that they said it on; only of what came in from one. */
  readonly native?: { readonly connection: string; readonly connector: string; readonly id: string };
}

/** A file that came with a message, still at its platform. */
export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly mediaType?: string;
  /** Bytes. */
  readonly size?: number;
  /** Where it is fetched from, with the credentials of its connection. */
  readonly url?: string;
  /** Where a person may look at it. */
  readonly page?: string;
}

/** What is said. The only part of a message that is encrypted at rest and erased by retention. */
export interface Content {
  /** Markdown (CommonMark with GFM tables, strikethrough and autolinks). */
  readonly text: string;
  readonly fields?: { readonly [key: string]: Json };
  readonly attachments?: readonly Attachment[];
  /** Of a reaction: Unicode, or `:name:` where it is no emoji of Unicode. */
  readonly emoji?: string;
}

/** The canonical envelope (design §4). Times are ISO 8601 in UTC. */
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
  /** Raised by one for each message of a conversation; gaps mean nothing. Null without a conversation. */
  readonly sequence: number | null;
  readonly correlationId: string;
  readonly conversation: string | null;
  /** The message that this one replies to; at platforms with threads it goes there. */
  readonly thread?: MessageId;
  /** The message that this one edits or deletes. */
  readonly refersTo?: MessageId;
  readonly sender: Sender | null;
  readonly content: Content;
  readonly priority: Priority;
  readonly labels: { readonly [key: string]: string };
}

/** At rest: `delivered`, `partial`, `failed`, `cancelled`; `unrouted` matched nothing and waits for a replay. */
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
