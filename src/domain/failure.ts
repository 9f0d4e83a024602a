import type { ReasonCode } from './reasons.ts';
import type { Affected } from './reasons/entry.ts';

export type { Affected };

/**
 * How a send can fail. Only the kind decides what happens next; the text is for people and is never parsed.
 *
 * - `transient`: proven not taken (connection refused, 429, a body that says so). Try again later.
 * - `ambiguous`: the request may have reached the platform (time-out or reset after the write, 5xx without proof). The
 *   connector's recovery class decides what happens next.
 * - `permanent`: the platform will never take it as it is. Park now.
 * - `stopped`: this process is shutting down and nothing was written. It is neither a success nor a failed attempt.
 */
export type FailureKind = 'transient' | 'ambiguous' | 'permanent' | 'stopped';

/** A failure as it is stored and shown: a stable code, a text for people, and the HTTP status if there was one. */
export interface Reason {
  /** Stable, in snake_case: `http_500`, `timeout`, `channel_not_found`. The table of all codes is in reasons.ts. */
  readonly code: ReasonCode;
  readonly message: string;
  readonly status?: number;
}

/** Why no further attempt is made; said beside the answer to the last attempt. */
export const gaveUpCauses = ['attempts_exhausted', 'deadline_exceeded', 'permanent'] as const;
export type GaveUp = (typeof gaveUpCauses)[number];

/** The reason of a delivery. `gaveUp` is set if attempts were made and no further one is. */
export interface DeliveryReason extends Reason {
  readonly gaveUp?: GaveUp;
}

export interface SendFailureDetails extends Reason {
  readonly kind: FailureKind;
  /** The default is `message` for a permanent failure and `destination` for any other. */
  readonly affects?: Affected;
  /** How long the platform asked us to wait, in milliseconds. We never wait for less. */
  readonly retryAfterMs?: number;
  /**
   * The platform refuses only the format of the message, so plain text, or for a file a link, may be accepted. Only
   * with `permanent`.
   */
  readonly isOfFormat?: boolean;
  /** The beginning of the platform's answer, with secrets removed. Stored in `attempts`, never sent to Temporal. */
  readonly excerpt?: string;
  readonly cause?: unknown;
}

/**
 * Thrown by a connector's methods. Any other error that `send` or `reconcile` throws is a defect and counts as
 * ambiguous.
 */
export class SendFailure extends Error {
  override name = 'SendFailure';
  readonly kind: FailureKind;
  readonly affects: Affected;
  readonly code: ReasonCode;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly excerpt: string | undefined;
  readonly isOfFormat: boolean;

  constructor(details: SendFailureDetails) {
    super(details.message, { cause: details.cause });
    this.kind = details.kind;
    this.affects = details.affects ?? (details.kind === 'permanent' ? 'message' : 'destination');
    this.code = details.code;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
    this.excerpt = details.excerpt;
    this.isOfFormat = details.isOfFormat === true;
  }
}
