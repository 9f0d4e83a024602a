/** What an API caller can ask for many deliveries or messages at once. */
export const jobKinds = ['retry', 'cancel', 'replay'] as const;
export type JobKind = (typeof jobKinds)[number];

export const jobStates = ['running', 'done', 'cancelled', 'failed'] as const;
export type JobState = (typeof jobStates)[number];

/** Items per second. Even the highest rate leaves capacity for normal deliveries. */
export const defaultJobRate = 50;
export const maxJobRate = 200;

/** A job makes five steps per second. This is the number of items of one step at the given rate. */
export function itemsPerStep(rate: number): number {
  return Math.max(1, Math.ceil(rate / 5));
}

/** The states of deliveries that a job may retry or cancel. */
export const retryableStates = ['parked', 'uncertain', 'retrying'] as const;
export const cancellableStates = ['queued', 'waiting', 'sending', 'retrying', 'parked', 'uncertain'] as const;

/** Selects deliveries. Times are RFC 3339. */
export interface DeliveryJobFilter {
  readonly state?: readonly string[];
  readonly destination?: string;
  readonly message?: string;
  readonly conversation?: string;
  /** The code of the reason for its state. */
  readonly reason?: string;
  /** Accepted at this time or later. */
  readonly since?: string;
  /** Accepted before this time. */
  readonly until?: string;
}

/** Selects messages. */
export interface MessageJobFilter {
  readonly state?: readonly string[];
  readonly destination?: string;
  readonly source?: string;
  readonly conversation?: string;
  readonly correlationId?: string;
  readonly since?: string;
  readonly until?: string;
}
