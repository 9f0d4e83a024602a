import type { InboundEvent } from '../../domain/inbound.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import type { requestReasons } from '../../domain/reasons/subscriptions.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { LookUpContext, Values, Download } from './context.ts';
import type { Attachment } from '../../domain/message.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { HookConnection } from './context.ts';

/** A request to `/hooks/{connection}`, as it came. */
export interface HookRequest {
  readonly method: string;
  /** Behind `/hooks/{connection}`, with its slash; empty for the hook itself. Not decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The bytes as they came: what a signature is made of. */
  readonly body: Buffer;
}

/** What the platform is answered; an object is sent as JSON. */
export interface HookAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
}

/** Something that happened, or why it is none of ours. */
export type HookEvent =
  | { readonly event: InboundEvent }
  /** Known and not bridged, such as a member who joined, or our own post come back. */
  | { readonly ignored: ReasonCode };

/** What became of an event whose content was asked for. */
export type Fetched =
  | InboundEvent
  | 'gone'
  | { readonly ignored: ReasonCode }
  /** All that it may have been, each with the key by which it is known if it was told before. */
  | { readonly events: readonly InboundEvent[] };

/** What a request turned out to be. */
export type Received =
  /**
   * Genuine. Answered with `answer` once the events are stored; with nothing to store, at once. `wantsLook`: the platform
   * says that a subscription ends, or has ended, and they are looked at soon. `missedSince`: with it the platform says that
   * it could not tell us everything since then.
   */
  | {
      readonly kind: 'events';
      readonly events: readonly HookEvent[];
      readonly answer: HookAnswer;
      readonly wantsLook?: true;
      readonly missedSince?: Date;
    }
  /** A handshake, or a question that needs no store. */
  | { readonly kind: 'answered'; readonly answer: HookAnswer }
  /** Not genuine, or too old: nothing is stored. `message` never says what would have been right. */
  | { readonly kind: 'refused'; readonly answer: HookAnswer; readonly code: RefusalCode; readonly message: string }
  /** Genuine and not understood: kept for an operator, and answered so that the platform does not hammer. */
  | { readonly kind: 'unreadable'; readonly answer: HookAnswer; readonly message: string };

export type RefusalCode = keyof typeof requestReasons;

export interface ReceiveContext {
  readonly now: Date;
  /** Public keys of issuers, fetched and kept. */
  readonly keys: SigningKeys;
}

/** What a room's history shows. */
export interface History {
  readonly events: readonly InboundEvent[];
  /** In sentences, what it does not show, or why it cannot be read. */
  readonly lacks: readonly string[];
}

/** What a connector knows of what comes in. */
export interface Inbound {
  /**
   * Reads one request: verifies the raw bytes first, then parses. Quick, and changes nothing; only `keys` may wait for
   * the network. Never throws for what a stranger may send.
   */
  receive(request: HookRequest, connection: HookConnection, context: ReceiveContext): Promise<Received> | Received;

  /**
   * What to answer when the events could not be stored: the status by which this platform sends them again
   * (`platforms`: 5xx nearly everywhere; some take a 4xx for good).
   */
  readonly unavailable: HookAnswer;

  /** Of platforms that send more than 1 MiB at once, at most 8 MiB; a larger request is a 413. */
  readonly maxBodyBytes?: number;

  /** The key of the room that a destination's address names, as in `InboundEvent.room`. */
  roomOf(address: Values): string | undefined;

  /**
   * By which a message is found among the links: the part of a `nativeId` that never changes and is the same whoever
   * names it. The whole of it where that is so anyway.
   */
  linkKey(nativeId: string): string;

  /**
   * Of platforms whose events name a thread by an id of its own, and not by its first message: the thread that a
   * message's `nativeId` is the root of, as `linkKey` gives it for an event's `thread`. Undefined for what is no root.
   */
  threadKey?(nativeId: string): string | undefined;

  /**
   * What was said in a room since then, as the events that it would have been, with the same keys, oldest first: for what
   * was missed while nobody listened. Waits where the platform says that it is asked too often.
   * @throws SendFailure `transient` or `permanent`.
   */
  history?(address: Values, since: Date, connection: HookConnection, context: LookUpContext): Promise<History>;

  /** Of platforms that send events only to whom subscribes, and again and again. */
  readonly subscriptions?: Subscriptions;

  /**
   * Completes an event that came without its content.
   * @returns `gone` where the platform has no such message any more; `ignored`, as of `HookEvent`, where what was fetched
   * shows that it is none of ours to bridge, such as our own post.
   * @throws SendFailure `transient` or `permanent`.
   */
  fetch?(event: InboundEvent, connection: HookConnection, context: LookUpContext): Promise<Fetched>;

  /**
   * Asks for the bytes of a file that came with a message, with the connection's credentials, which go to the platform's
   * own hosts only. Absent where files of this platform cannot be had.
   * @throws SendFailure: `permanent` where it is gone, refused, or lies elsewhere; else `transient` or `stopped`.
   */
  openFile?(file: Attachment, connection: HookConnection, context: LookUpContext): Promise<Download>;
}
