import type { InboundEvent } from '../../domain/inbound.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { requestReasons } from '../../domain/reasons/subscriptions.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { LookUpContext, Values, Download, HookConnection } from './context.ts';
import type { Attachment } from '../../domain/message.ts';
import type { Subscriptions } from './subscriptions.ts';

/** A request to `/hooks/{connection}` as it was received. */
export interface HookRequest {
  readonly method: string;
  /**
   * The part of the path after `/hooks/{connection}`, with its leading slash and not decoded; empty for the hook
   * itself.
   */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Header names are in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The raw bytes, because the signature covers exactly these. */
  readonly body: Buffer;
}

/** The answer to the platform. An object as `body` is sent as JSON. */
export interface HookAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
}

/** An event to be bridged, or the reason why Carillon ignores it. */
export type HookEvent =
  | { readonly event: InboundEvent }
  /**
   * An event that Carillon knows and does not bridge, such as a member who joined, or our own post coming back.
   */
  | { readonly ignored: ReasonCode };

/** What `Inbound.fetch` found for an event that came without its content. */
export type Fetched =
  | InboundEvent
  | 'gone'
  | { readonly ignored: ReasonCode }
  /**
   * Used if the platform does not say which change happened: all events that it may have been. Each has the same key as
   * in an earlier report, so that a known event is dropped.
   */
  | { readonly events: readonly InboundEvent[] };

/** How a connector understood one request. */
export type Received =
  /**
   * The request is genuine. It gets `answer` after its events are stored, or at once if it has none. `wantsLook` is set
   * if the platform says that a subscription ends or has ended, so that subscriptions are checked soon. `missedSince`
   * is set if the platform says that it failed to report everything since that time.
   */
  | {
      readonly kind: 'events';
      readonly events: readonly HookEvent[];
      readonly answer: HookAnswer;
      readonly wantsLook?: true;
      readonly missedSince?: Date;
    }
  /** A handshake, or a question that can be answered without the store. */
  | { readonly kind: 'answered'; readonly answer: HookAnswer }
  /**
   * The request is not genuine, or is too old; nothing is stored. `message` never says what would have been correct.
   */
  | { readonly kind: 'refused'; readonly answer: HookAnswer; readonly code: RefusalCode; readonly message: string }
  /**
   * The request is genuine, but could not be understood. It is kept for an operator, and `answer` keeps the platform
   * from sending it again and again.
   */
  | { readonly kind: 'unreadable'; readonly answer: HookAnswer; readonly message: string };

/**
 * Why a request was refused. `keys_unavailable` says nothing against the request: the issuer's keys could not be
 * fetched.
 */
export type RefusalCode = keyof typeof requestReasons;

export interface ReceiveContext {
  readonly now: Date;
  /** The public keys of issuers, fetched when needed and cached. */
  readonly keys: SigningKeys;
}

/** What the platform showed of a room's history. */
export interface History {
  readonly events: readonly InboundEvent[];
  /** Sentences for the user that say what the history lacks, or why it cannot be read. */
  readonly lacks: readonly string[];
}

/** How a connector reads what its platform sends. */
export interface Inbound {
  /**
   * Reads one request: first verifies the raw bytes, then parses them. It is quick and changes nothing; only `keys` may
   * wait for the network. It never throws, whatever a stranger sends.
   */
  receive(request: HookRequest, connection: HookConnection, context: ReceiveContext): Promise<Received> | Received;

  /**
   * The answer if the events could not be stored. Its status makes this platform send the request again: for nearly all
   * platforms a 5xx; some take a 4xx as final.
   */
  readonly unavailable: HookAnswer;

  /**
   * Set for platforms that send more than 1 MiB in one request; at most 8 MiB. A larger request is answered with 413.
   */
  readonly maxBodyBytes?: number;

  /** The key of the room that a destination's address names. It equals `InboundEvent.room` of that room's events. */
  roomOf(address: Values): string | undefined;

  /**
   * The key by which the link table finds a message: the part of a `nativeId` that never changes and that every report
   * of the message contains. For some platforms this is the whole `nativeId`.
   */
  linkKey(nativeId: string): string;

  /**
   * Only for platforms whose events name a thread by an id of its own and not by its first message. Returns the thread
   * whose root is the message `nativeId`, in the form that `linkKey` gives for an event's `thread`; undefined if that
   * message is not the root of a thread.
   */
  threadKey?(nativeId: string): string | undefined;

  /**
   * Returns what was said in a room since `since`, oldest first, as the events that the platform would have sent, with
   * the same keys. Carillon calls it to catch up on events that it missed. If the platform limits the rate, this method
   * waits.
   * @throws SendFailure `transient` or `permanent`.
   */
  history?(address: Values, since: Date, connection: HookConnection, context: LookUpContext): Promise<History>;

  /** Only for platforms that send events only to subscribers and whose subscriptions must be renewed. */
  readonly subscriptions?: Subscriptions;

  /**
   * Completes an event that came without its content.
   * @returns `gone` if the platform no longer has the message; `ignored`, as in `HookEvent`, if the fetched message is
   * not to be bridged, for example because it is our own post.
   * @throws SendFailure `transient` or `permanent`.
   */
  fetch?(event: InboundEvent, connection: HookConnection, context: LookUpContext): Promise<Fetched>;

  /**
   * Opens a file that came with a message. The connection's credentials go only to the platform's own hosts. Absent if
   * this platform's files cannot be downloaded.
   * @throws SendFailure `permanent` if the file is gone, refused, or on another host; otherwise `transient` or
   * `stopped`.
   */
  openFile?(file: Attachment, connection: HookConnection, context: LookUpContext): Promise<Download>;
}
