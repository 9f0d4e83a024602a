/** What can happen in a room. */
export const inboundKinds = ['created', 'edited', 'deleted', 'reacted', 'unreacted'] as const;
export type InboundKind = (typeof inboundKinds)[number];

/** The states of an inbound event, except `quarantined`. */
export const inboxStates = ['received', 'fetching', 'waiting', 'routed', 'ignored'] as const;
export type InboxState = (typeof inboxStates)[number];

/** A person as the platform names them in an event. */
export interface InboundSender {
  /** The platform's own id of the person. */
  readonly id: string;
  /** What the event says about the person. The rest is looked up later. */
  readonly name?: string;
  readonly email?: string;
  readonly avatarUrl?: string;
}

/** A file that is stored at its platform. It is downloaded when it is delivered. */
export interface InboundFile {
  /** The platform's own id of the file. */
  readonly id: string;
  readonly name: string;
  /** As the platform states it; never trusted. */
  readonly mediaType?: string;
  /** In bytes. */
  readonly size?: number;
  /** The address for downloading, with the connection's credentials. */
  readonly url?: string;
  /** The page on which a person may view it. */
  readonly page?: string;
}

/**
 * One thing that happened in a room, in the common form of all platforms' events. It is plain JSON, because it is
 * stored until it is routed.
 *
 * A `nativeId` has the same form here as in that connector's receipts, so that messages of people and our own posts are
 * found in the same way.
 */
export interface InboundEvent {
  /**
   * The same for every redelivery of this event, and different from every other event of its connection; at most 500
   * characters.
   */
  readonly key: string;
  readonly kind: InboundKind;
  /** The room in which it happened, as the connector's `roomOf` names it. */
  readonly room: string;
  /** The message that was written, edited, deleted or reacted to. */
  readonly nativeId: string;
  /** Only for `created`: the root of its thread, or the message that it replies to. */
  readonly thread?: string;
  /** ISO 8601, by the platform's clock. */
  readonly at: string;
  /**
   * Only for `edited`: a text that sorts later with each edit of the same message. If absent, the order of arrival
   * decides.
   */
  readonly revision?: string;
  readonly sender?: InboundSender;
  /**
   * For `created` and `edited`: canonical Markdown (`connectors/text/markdown.ts`). It may be absent if `isIncomplete`.
   */
  readonly text?: string;
  readonly files?: readonly InboundFile[];
  /** For `reacted` and `unreacted`: a Unicode emoji, or `:name:` where Unicode has no such emoji. */
  readonly emoji?: string;
  /**
   * Only for `reacted`, on platforms that give a reaction an id of its own and remove it only by that id. A `deleted`
   * event of this id then ends the reaction.
   */
  readonly reaction?: string;
  /** The platform sent only ids, or not everything. The rest is fetched before the event is routed. */
  readonly isIncomplete?: true;
  /** Only if `isIncomplete`: what its connector needs to find it, in addition to `nativeId`. */
  readonly fetchFrom?: string;
}
