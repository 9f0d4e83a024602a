/** What can happen in a room. */
export const inboundKinds = ['created', 'edited', 'deleted', 'reacted', 'unreacted'] as const;
export type InboundKind = (typeof inboundKinds)[number];

/** Where something that came in is, apart from `quarantined`. */
export const inboxStates = ['received', 'fetching', 'waiting', 'routed', 'ignored'] as const;
export type InboxState = (typeof inboxStates)[number];

/** A person, as the platform that said something names them. */
export interface InboundSender {
  /** The platform's own id of them. */
  readonly id: string;
  /** What the event says of them; what it does not say is looked up later. */
  readonly name?: string;
  readonly email?: string;
  readonly avatarUrl?: string;
}

/** A file as its platform holds it; fetched when it is delivered. */
export interface InboundFile {
  /** The platform's own id of it. */
  readonly id: string;
  readonly name: string;
  /** As the platform says; never believed. */
  readonly mediaType?: string;
  /** Bytes. */
  readonly size?: number;
  /** Where it is fetched from, with the connection's credentials. */
  readonly url?: string;
  /** Where a person may look at it. */
  readonly page?: string;
}

/**
 * One thing that happened in a room, as every platform's events are read. Plain JSON: it is stored until it is routed.
 *
 * A `nativeId` here has the form of that connector's receipts, so that what was said in a room and what we posted there
 * are found alike.
 */
export interface InboundEvent {
  /** The same for every redelivery of this event, and for no other of its connection; at most 500 characters. */
  readonly key: string;
  readonly kind: InboundKind;
  /** The room it happened in, as the connector's `roomOf` names it. */
  readonly room: string;
  /** What was said; or what is edited, deleted or reacted to. */
  readonly nativeId: string;
  /** Only of `created`: the root of its thread, or what it replies to. */
  readonly thread?: string;
  /** ISO 8601, by the platform's clock. */
  readonly at: string;
  /** Only of `edited`: rises, as a text, with each edit of one message. Absent: the order of arrival decides. */
  readonly revision?: string;
  readonly sender?: InboundSender;
  /** Of `created` and `edited`: canonical Markdown (`connectors/dialect`); absent where `isIncomplete`. */
  readonly text?: string;
  readonly files?: readonly InboundFile[];
  /** Of `reacted` and `unreacted`: Unicode, or `:name:` where it is no emoji of Unicode. */
  readonly emoji?: string;
  /**
   * Only of `reacted`, where the platform names the reaction itself, and takes it away by that name alone: a `deleted` of
   * it is then the end of the reaction.
   */
  readonly reaction?: string;
  /** The platform sent ids only: the rest is fetched before it is routed. */
  readonly isIncomplete?: true;
  /** Only where `isIncomplete`: what its connector needs to find it, beside `nativeId`. */
  readonly fetchFrom?: string;
}
