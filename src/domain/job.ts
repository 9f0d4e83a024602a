/** What an operator asks for many deliveries or messages at once. */
export const jobKinds = ['retry', 'cancel', 'replay'] as const;
export type JobKind = (typeof jobKinds)[number];

export const jobStates = ['running', 'done', 'cancelled', 'failed'] as const;
export type JobState = (typeof jobStates)[number];

/** Items per second; the highest leaves room for what is delivered meanwhile. */
export const defaultJobRate = 50;
export const maxJobRate = 200;

/** A job takes a step five times a second: so many items, as the rate grants for that time. */
export function itemsPerStep(rate: number): number {
  return Math.max(1, Math.ceil(rate / 5));
}

/** What a job may retry, and what it may cancel. */
export const retryableStates = ['parked', 'uncertain', 'retrying'] as const;
export const cancellableStates = ['queued', 'waiting', 'sending', 'retrying', 'parked', 'uncertain'] as const;

/** Of deliveries; times are RFC 3339. */
export interface DeliveryJobFilter {
  readonly state?: readonly string[];
  readonly destination?: string;
  readonly message?: string;
  readonly conversation?: string;
  /** Code of the reason why it is in this state. */
  readonly reason?: string;
  /** Accepted then or later. */
  readonly since?: string;
  /** Accepted before. */
  readonly until?: string;
}

/** Of messages. */
export interface MessageJobFilter {
  readonly state?: readonly string[];
  readonly destination?: string;
  readonly source?: string;
  readonly conversation?: string;
  readonly correlationId?: string;
  readonly since?: string;
  readonly until?: string;
}
