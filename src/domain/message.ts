import type { DeliveryClassName } from './delivery-class.ts';
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

/**
 * The canonical envelope: all of a message but its content and its state. Times are ISO 8601 in UTC. The column of a
 * field in the table `messages` has the field's name in snake case. CONTRIBUTING says what a new field needs.
 */
export interface Envelope {
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
  /** The message that this one is a replay of. */
  readonly replayOf?: MessageId;
  readonly priority: Priority;
  /** Missing: each destination's own retry policy applies. */
  readonly class?: DeliveryClassName;
  /** When the message goes out. Missing: at once. */
  readonly sendAt?: string;
  /** Deliveries that are still open at this time expire. */
  readonly expiresAt?: string;
  readonly labels: { readonly [key: string]: string };
}

/** A message as a connector gets it: the envelope and the content. */
export interface Message extends Envelope {
  readonly sender: Sender | null;
  readonly content: Content;
}

interface FieldRules {
  /** The sender may choose it. Carillon sets the other fields. */
  readonly isChosen?: true;
  /** It is a point in time: text in JSON, `timestamptz` in PostgreSQL. */
  readonly isTime?: true;
  /** JSON shows null when it has no value; the other fields are left out then. */
  readonly isNullable?: true;
}

/**
 * The list of the envelope's fields. The store makes its select lists and insert lists from it, and copies each chosen
 * field from a post to the message, and from a message to its edits, deletes, reactions and replays.
 */
export const envelopeFields = {
  id: {},
  tenant: {},
  type: { isChosen: true },
  source: { isChosen: true },
  occurredAt: { isChosen: true, isTime: true },
  receivedAt: { isTime: true },
  schemaVersion: {},
  dataVersion: { isChosen: true },
  sequence: { isNullable: true },
  correlationId: { isChosen: true },
  conversation: { isChosen: true, isNullable: true },
  thread: { isChosen: true },
  refersTo: {},
  replayOf: {},
  priority: { isChosen: true },
  class: { isChosen: true },
  sendAt: { isChosen: true, isTime: true },
  expiresAt: { isChosen: true, isTime: true },
  labels: { isChosen: true },
} as const satisfies { readonly [Field in keyof Envelope]-?: FieldRules };

type FieldsWith<Rule extends keyof FieldRules> = {
  [Field in keyof Envelope]-?: (typeof envelopeFields)[Field] extends Record<Rule, true> ? Field : never;
}[keyof Envelope];

export type ChosenField = FieldsWith<'isChosen'>;
export type TimeField = FieldsWith<'isTime'>;
export type NullableField = FieldsWith<'isNullable'>;

/** Whether `envelopeFields` gives a field this rule. */
export const hasRule = <Rule extends keyof FieldRules>(field: keyof Envelope, rule: Rule): field is FieldsWith<Rule> =>
  rule in envelopeFields[field];

export const envelopeNames = Object.keys(envelopeFields) as readonly (keyof Envelope)[];
export const chosenFields = envelopeNames.filter((field) => hasRule(field, 'isChosen'));
export const chosenTimes = chosenFields.filter((field) => hasRule(field, 'isTime'));

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
