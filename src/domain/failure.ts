import type { ReasonCode } from './reasons.ts';
import type { Affected } from './reasons/entry.ts';

export type { Affected };

/**
 * How a send can end badly. The kind alone decides what happens next; the text is for people and is never parsed.
 *
 * - `transient`: proven not taken (connect refused, 429, a body that says so): try again later.
 * - `ambiguous`: the request may have reached the platform (time-out or reset after the write, 5xx without proof):
 *   what happens next is decided by the connector's delivery class.
 * - `permanent`: will never be taken as it is: park now.
 * - `stopped`: this process is shutting down before anything was written: neither success nor failed attempt.
 */
export type FailureKind = 'transient' | 'ambiguous' | 'permanent' | 'stopped';

/** Why something is as it is, as it is stored and shown: a stable code, the platform's words, and its status. */
export interface Reason {
  /** Stable, snake_case: `http_500`, `timeout`, `channel_not_found`, `egress_denied`. The table is in reasons.ts. */
  readonly code: ReasonCode;
  readonly message: string;
  readonly status?: number;
}

/** Why no further attempt is made, beside what the last one was answered. */
export const gaveUpCauses = ['attempts_exhausted', 'deadline_exceeded', 'permanent'] as const;
export type GaveUp = (typeof gaveUpCauses)[number];

/** The reason of a delivery. `gaveUp` is there where attempts were made, and no further one is. */
export interface DeliveryReason extends Reason {
  readonly gaveUp?: GaveUp;
}

export interface SendFailureDetails extends Reason {
  readonly kind: FailureKind;
  /** Default: `message` where it is permanent, else `destination`. */
  readonly affects?: Affected;
  /** Milliseconds that the platform asked us to stay away; never undercut. */
  readonly retryAfterMs?: number;
  /** The platform refuses how it is written, and nothing else: as plain text it may pass. Only with `permanent`. */
  readonly isOfFormat?: boolean;
  /** The first bytes of the platform's answer, secrets removed; goes to `attempts`, never to Temporal. */
  readonly excerpt?: string;
  readonly cause?: unknown;
}

/** Thrown by a connector's `send` and `reconcile`; anything else that they throw is a defect and counts as ambiguous. */
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
