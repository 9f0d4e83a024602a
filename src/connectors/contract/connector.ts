import type { DeliveryId } from '../../domain/ids.ts';
import type { Reason } from '../../domain/failure.ts';
import type { Message } from '../../domain/message.ts';
import type { Field } from './fields.ts';
import type { Inbound } from './inbound.ts';
import type { Kept } from './kept.ts';
import type { Target, LookUpContext } from './context.ts';

/**
 * What Carillon may do when it is unknown whether an attempt arrived.
 * - `A`: send again with the same key. The platform folds doubles for `memoryMs` after the first request.
 * - `B`: first look for our mark in the platform's history.
 * - `C`: neither is possible, so the destination's `ambiguous` policy decides.
 */
export type RecoveryClass =
  { readonly kind: 'A'; readonly memoryMs: number } | { readonly kind: 'B' } | { readonly kind: 'C' };

/**
 * What the connector has to do at the platform. `nativeId` comes from the receipt of the message that is changed, or of
 * the thread's root. It is null where the platform gave no id and the connector addresses messages by our own ids.
 */
export type Action =
  | { readonly kind: 'create'; readonly thread?: { readonly nativeId: string | null } }
  | { readonly kind: 'edit'; readonly nativeId: string | null }
  | { readonly kind: 'delete'; readonly nativeId: string | null }
  /**
   * `emoji` is a Unicode emoji, or `:name:` where Unicode has no such emoji. If the reaction is already there (`react`)
   * or already gone (`unreact`), the action counts as done.
   */
  | { readonly kind: 'react' | 'unreact'; readonly nativeId: string | null; readonly emoji: string };
export type ActionKind = Action['kind'];

/**
 * How well a platform supports a feature. Users read `why` in the docs and as the reason of a delivery.
 * - `partial`: the connector does it, but does less than was asked; `why` says what is missing.
 * - `dropped`: the connector does not do it, and the delivery is skipped. For actions that a user can do without.
 * - `rejected`: the connector does not do it, and the delivery is parked. For actions whose failure an operator must
 *   see, such as a delete on a platform where a bot cannot take a message back.
 */
export type Capability =
  { readonly level: 'full' } | { readonly level: 'partial' | 'dropped' | 'rejected'; readonly why: string };

export interface Capabilities {
  /** A reply goes into the thread of the message that it replies to. */
  readonly thread: Capability;
  readonly edit: Capability;
  readonly delete: Capability;
  /** Reactions can be added and removed. */
  readonly react: Capability;
  /** A mention of a person who is known on the platform notifies that person. */
  readonly mention: Capability;
  /** Where the level is not `full`, files are linked in the text. */
  readonly files: Capability;
}

export interface Person {
  /** The platform's own id of this person. */
  readonly id: string;
  readonly name?: string;
  readonly email?: string;
  readonly avatarUrl?: string;
}

/** How a connector finds people on its platform. The caller caches the results. */
export interface People {
  /**
   * @returns undefined if the platform knows no person with this id.
   * @throws SendFailure of any kind but `ambiguous`.
   */
  byId?(id: string, connection: Target['connection'], context: LookUpContext): Promise<Person | undefined>;
  /** Like `byId`, but looks for an e-mail address. */
  byEmail?(email: string, connection: Target['connection'], context: LookUpContext): Promise<Person | undefined>;
}

/** What is known about a person who is mentioned. */
export interface Mentioned {
  /** The person's id on the destination's platform; absent if they have no account there. */
  readonly id?: string;
  /** Use this name rather than the mention's own label, which may be only an id. */
  readonly name?: string;
}

/** A file that goes out as a post of its own. */
export interface OutgoingFile {
  readonly name: string;
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
  /**
   * True if no text was posted before this file. A connector that posts as the bot then writes the author's name beside
   * the file.
   */
  readonly isAlone: boolean;
  /** Each call returns the whole file, from its first byte. */
  open(): AsyncIterable<Uint8Array>;
}

/** The person who wrote a bridged message, and the platform on which they wrote it. */
export interface Author {
  readonly name: string;
  readonly avatarUrl?: string;
  /** The title of that platform, such as `Slack`. */
  readonly source: string;
}

/** One post or one change that a connector makes at a destination. */
export interface Outgoing extends Target {
  readonly action: Action;
  readonly delivery: DeliveryId;
  /**
   * Identifies this post in all of its attempts: the delivery's id, with `:2`, `:3` and so on appended for further
   * posts of the same delivery, such as the parts of a long text or files. The connector derives from it whatever ties
   * the post to the delivery, such as a mark or a transaction id.
   */
  readonly key: string;
  /** The version of the message to send. The first attempt that may have reached the platform pins it. */
  readonly message: Message;
  /**
   * Only set for `create`, and only for a connector with `postsFiles`. Post this file and nothing of the message's
   * text.
   */
  readonly file?: OutgoingFile;
  /** Only set for bridged messages. Show it in the best way that the platform offers. */
  readonly author?: Author;
  /**
   * The people who are mentioned, by the `ref` of the mention (see `text/mention.ts`). A person who is not in the map
   * is unknown.
   */
  readonly people?: ReadonlyMap<string, Mentioned>;
}

/** What a connector is given to make one attempt. */
export interface SendContext extends LookUpContext {
  /** The number of this attempt, starting at 1. */
  readonly attempt: number;
  /** When this attempt began, by PostgreSQL's clock, because a worker's own clock may be wrong. */
  readonly now: Date;
  /** The limit for the whole send, in milliseconds. The claim's deadline is 2 s later. */
  readonly timeoutMs: number;
  /** Aborted when this process must stop. The connector then writes nothing more to the platform. */
  readonly signal: AbortSignal;
}

/** Proof that the platform has the message: the platform's own id, never one that we invented. */
export interface Receipt {
  /**
   * The platform's id of the message, together with everything that a later edit, delete or reply needs to find it,
   * such as its channel and the root of its thread. After an edit or a delete it identifies the message that was
   * changed. A webhook has no such id, so there it is the delivery id that we sent.
   */
  readonly nativeId: string;
  readonly url?: string;
  /** The HTTP status of the answer, for the attempt's record. */
  readonly status?: number;
  /** What the platform left out or did otherwise than asked. */
  readonly degraded?: Reason;
}

/** A chat platform, or the webhook. Each connector is a folder under `connectors/` and one line in `registry.ts`. */
export interface Connector<Prepared = unknown> {
  /** The value of `connector` in a connection. It is stored, so it must never change. */
  readonly name: string;
  readonly title: string;
  /** The fields of a connection. Secrets are stored encrypted and are never read back. */
  readonly settings: readonly Field[];
  /** The fields that identify one destination reached through a connection. */
  readonly address: readonly Field[];

  readonly capabilities: Capabilities;
  /** What the platform does with each form of a text, such as a table; absent if the text goes out unchanged. */
  readonly keeps?: Kept;
  /**
   * True if edits and deletes name the message by our ids. Such a platform can be told of them even if it gave no
   * receipt for the message.
   */
  readonly addressesByOurIds?: true;
  /**
   * True if each file is uploaded as a post of its own (`Outgoing.file`). If the platform refuses a file for its size
   * or type, the failure carries `isOfFormat`, so that the file is linked instead.
   */
  readonly postsFiles?: true;
  /**
   * True if everything reached through one connection is one service, so that trouble at one of its destinations is
   * trouble at all of them. False if each destination is a host of its own.
   */
  readonly isOneService: boolean;
  /** How events come in from the platform; absent if none do. */
  readonly inbound?: Inbound;
  readonly people?: People;

  /**
   * Called at acceptance and in each attempt. Pure. An action that can be repeated without harm, such as setting the
   * same text again, is `A` with an infinite memory.
   */
  recoveryClass(target: Target, action: ActionKind): RecoveryClass;

  /**
   * Whether a message that is created or edited fits into one post as it would be written, author included. The caller
   * splits a message that does not fit. Pure; absent if the platform has no limit. `prepare` cuts what cannot be split,
   * such as one very long link.
   */
  fits?(outgoing: Outgoing): boolean;

  /**
   * Called before the claim, possibly several times: renders, looks things up, obtains tokens. It changes nothing at
   * the platform, so its failures are never ambiguous.
   * @throws SendFailure `transient` or `permanent`.
   */
  prepare(outgoing: Outgoing, context: SendContext): Promise<Prepared>;

  /**
   * Called once per claim, directly after it: makes the one call that changes something at the platform.
   * @throws SendFailure of any kind.
   */
  send(prepared: Prepared, outgoing: Outgoing, context: SendContext): Promise<Receipt>;

  /**
   * Only for recovery class B: looks for our mark. Called when an earlier request can no longer take effect. Changes
   * nothing.
   * @param since when the first attempt began, by our clock. Allow for a difference to the platform's clock.
   * @returns the receipt of the post that was found; undefined if the history was read completely and contains no such
   * post.
   * @throws SendFailure if the look-up was refused or could not finish. This never means that the post is absent.
   */
  reconcile?(outgoing: Outgoing, since: Date, context: SendContext): Promise<Receipt | undefined>;
}
