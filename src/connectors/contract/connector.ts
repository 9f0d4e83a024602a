import type { DeliveryId } from '../../domain/ids.ts';
import type { Reason } from '../../domain/failure.ts';
import type { Message } from '../../domain/message.ts';
import type { Field } from './fields.ts';
import type { Inbound } from './inbound.ts';
import type { Kept } from './kept.ts';
import type { Target, LookUpContext } from './context.ts';

/**
 * What may be done after an attempt whose outcome nobody knows (design §2).
 * - `A`: send again with the same key; the platform folds doubles for `memoryMs` after the first request.
 * - `B`: look for our marker in the platform's history first.
 * - `C`: neither is possible; the destination's `ambiguous` policy decides.
 */
export type RecoveryClass =
  { readonly kind: 'A'; readonly memoryMs: number } | { readonly kind: 'B' } | { readonly kind: 'C' };

/**
 * What is to happen at the platform. `nativeId` is the receipt's of what is changed, or of the thread's root; null where
 * the platform never gave one and the connector addresses by our own ids.
 */
export type Action =
  | { readonly kind: 'create'; readonly thread?: { readonly nativeId: string | null } }
  | { readonly kind: 'edit'; readonly nativeId: string | null }
  | { readonly kind: 'delete'; readonly nativeId: string | null }
  /** `emoji` is Unicode, or `:name:` where it is no emoji of Unicode. What is there already, or is gone already, is done. */
  | { readonly kind: 'react' | 'unreact'; readonly nativeId: string | null; readonly emoji: string };
export type ActionKind = Action['kind'];

/**
 * How well a platform can do something. `partial`: done, and less than was asked, which `why` says. `dropped`: not done,
 * the delivery is skipped with `why` as its reason: for what can be missed. `rejected`: not done, the delivery is parked
 * with `why`: for what somebody must know of, such as a delete where nothing can be taken back. Shown in the docs.
 */
export type Capability =
  { readonly level: 'full' } | { readonly level: 'partial' | 'dropped' | 'rejected'; readonly why: string };

export interface Capabilities {
  /** A reply goes into the thread of what it replies to. */
  readonly thread: Capability;
  readonly edit: Capability;
  readonly delete: Capability;
  /** Reactions are added, and taken away again. */
  readonly react: Capability;
  /** A person who is known there is mentioned so that the platform tells them. */
  readonly mention: Capability;
  /** Where it is not `full` they are linked in the text. */
  readonly files: Capability;
}

/** A person on a platform. */
export interface Person {
  /** The platform's own id. */
  readonly id: string;
  readonly name?: string;
  readonly email?: string;
  readonly avatarUrl?: string;
}

/** How people are found on a platform. What is found is kept for a while by the caller. */
export interface People {
  /**
   * @returns undefined where the platform knows nobody by it.
   * @throws SendFailure of any kind but `ambiguous`.
   */
  byId?(id: string, connection: Target['connection'], context: LookUpContext): Promise<Person | undefined>;
  /** As `byId`. */
  byEmail?(email: string, connection: Target['connection'], context: LookUpContext): Promise<Person | undefined>;
}

/** Somebody who is mentioned, as far as they are known. */
export interface Mentioned {
  /** Their id at the destination's platform; absent where they are not there. */
  readonly id?: string;
  /** Better than the mention's own label, which may be a bare id. */
  readonly name?: string;
}

/** A file that is posted: it is a post of its own. */
export interface OutgoingFile {
  readonly name: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  /** Nothing was said before it: where the bot is shown as its author, who it is from stands beside it. */
  readonly isAlone: boolean;
  /** Its bytes from the first one on, each time it is called. */
  open(): AsyncIterable<Uint8Array>;
}

/** Who said a bridged message, and where. */
export interface Author {
  readonly name: string;
  readonly avatarUrl?: string;
  /** The title of the platform that they said it on, such as `Slack`. */
  readonly source: string;
}

export interface Outgoing extends Target {
  readonly action: Action;
  readonly delivery: DeliveryId;
  /**
   * The key that stays the same over all attempts of this post: the delivery's id, and of a long text's second part
   * `<delivery>:2`, and so on. What ties the post to it, such as a marker or a transaction, is made of this.
   */
  readonly key: string;
  /** The version that is sent; pinned by the first attempt that may have reached the platform. */
  readonly message: Message;
  /** Only of `create`, and only where the connector `postsFiles`: this is posted, and nothing of the message's text. */
  readonly file?: OutgoingFile;
  /** Only of bridged messages: shown the way that the platform does best. */
  readonly author?: Author;
  /** Who is mentioned, by the `ref` of the mention (`dialect/mention`); who is not in it is unknown. */
  readonly people?: ReadonlyMap<string, Mentioned>;
}

export interface SendContext extends LookUpContext {
  /** Number of this attempt, from 1. */
  readonly attempt: number;
  /** When this attempt began, by PostgreSQL's clock: a worker's own may be off. */
  readonly now: Date;
  /** For the whole send, in milliseconds; the claim's deadline lies 2 s behind it. */
  readonly timeoutMs: number;
  /** Aborted when this process must stop; then nothing new is written to the platform. */
  readonly signal: AbortSignal;
}

/** Proof that the platform has it: its own id, never one that we invented. */
export interface Receipt {
  /**
   * The platform's identity of the message, and all that a later edit, delete or reply needs to find it, such as its
   * channel and its thread's root; after an edit or a delete, that of what was changed. For a webhook, which has none, the
   * delivery id that we sent.
   */
  readonly nativeId: string;
  readonly url?: string;
  /** Status of the answer, for the attempt's record. */
  readonly status?: number;
  /** What the platform left out or did otherwise than asked. */
  readonly degraded?: Reason;
}

/** One platform. A folder under `connectors/`, and one line in `registry.ts`. */
export interface Connector<Prepared = unknown> {
  /** As in `connector` of a connection; stable for ever. */
  readonly name: string;
  readonly title: string;
  /** What a connection holds; secrets are stored encrypted and never read back. */
  readonly settings: readonly Field[];
  /** What names one place reached through a connection. */
  readonly address: readonly Field[];

  readonly capabilities: Capabilities;
  /** What becomes of the forms of a text; absent where it goes out as it is. */
  readonly keeps?: Kept;
  /**
   * True where edits and deletes name the message by our ids, so that they can be told even to a platform that gave no
   * receipt for it.
   */
  readonly addressesByOurIds?: true;
  /**
   * True where each file is uploaded and is a post of its own (`Outgoing.file`). One that the platform refuses for what it
   * is fails with `isOfFormat`, so that it is linked instead.
   */
  readonly postsFiles?: true;
  /**
   * True where everything reached through one connection is one service: trouble at one of its destinations is trouble
   * of all. False where each destination is a host of its own.
   */
  readonly isOneService: boolean;
  /** What comes in from the platform; absent where nothing does. */
  readonly inbound?: Inbound;
  readonly people?: People;

  /**
   * Called at acceptance and in each attempt. Pure. An action that may be repeated without harm, such as setting a text
   * once more, is `A` with an endless memory.
   */
  recoveryClass(target: Target, action: ActionKind): RecoveryClass;

  /**
   * Whether a message that is created or edited fits into one post, as it would be written, with its author: what does
   * not is split by the caller. Pure; absent where nothing is ever too long. What is too long all the same, such as one
   * endless link, is cut by `prepare`.
   */
  fits?(outgoing: Outgoing): boolean;

  /**
   * Called before the claim, as often as needed: renders, looks up, obtains tokens. Changes nothing at the platform, so
   * its failures are never ambiguous.
   * @throws SendFailure `transient` or `permanent`.
   */
  prepare(outgoing: Outgoing, context: SendContext): Promise<Prepared>;

  /**
   * Called once per claim, right after it: the one call that changes something at the platform.
   * @throws SendFailure of any kind.
   */
  send(prepared: Prepared, outgoing: Outgoing, context: SendContext): Promise<Receipt>;

  /**
   * Class B only: looks for our marker. Called when an earlier request can no longer take effect; changes nothing.
   * @param since when the first attempt began, by our clock; allow for the platform's being off.
   * @returns the receipt of what is there, or undefined when the history was read and holds none.
   * @throws SendFailure where the look-up was refused or not finished, which never means absent.
   */
  reconcile?(outgoing: Outgoing, since: Date, context: SendContext): Promise<Receipt | undefined>;
}
