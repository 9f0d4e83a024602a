import type { ConnectionId, DestinationId } from './ids.ts';

/**
 * A gate is either for one destination or for everything that is reached through one connection. All deliveries to it
 * share its health, its pause and its rate.
 */
export type GateName = `destination:${string}` | `connection:${string}`;

export const destinationGate = (id: DestinationId): GateName => `destination:${id}`;
export const connectionGate = (id: ConnectionId): GateName => `connection:${id}`;

/** A gate as one delivery sees it. Times are relative to the database's clock, in milliseconds. */
export interface GateView {
  readonly name: GateName;
  readonly isPaused: boolean;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** This delivery was chosen to find out whether the platform works again. */
  readonly isProbe: boolean;
  /** What is left of a platform's Retry-After that applies to the whole gate; null without one. */
  readonly retryAfterMs: number | null;
  /** The destination already has as many sends under way as it may have. */
  readonly isFull?: boolean;
}

/** Why a delivery may not go through now. */
export interface Shut {
  readonly gate: GateName;
  readonly why: 'paused' | 'breaker' | 'retry_after' | 'busy';
  /** The least wait in milliseconds, if it is known. */
  readonly ms: number | null;
}

/** The first gate that is shut. Pauses are checked first, because a pause tells an operator more than a breaker. */
export function shutGate(gates: readonly GateView[]): Shut | undefined {
  for (const { name, isPaused } of gates) if (isPaused) return { gate: name, why: 'paused', ms: null };
  for (const { name, breaker, isProbe } of gates)
    if (breaker !== 'closed' && !(breaker === 'half-open' && isProbe)) return { gate: name, why: 'breaker', ms: null };
  for (const { name, retryAfterMs } of gates)
    if (retryAfterMs !== null && retryAfterMs > 0) return { gate: name, why: 'retry_after', ms: retryAfterMs };
  for (const { name, isFull } of gates) if (isFull === true) return { gate: name, why: 'busy', ms: null };
  return undefined;
}

/**
 * The most sends to one destination at once, over all workers. With 500 messages to a destination that takes 10 s for
 * each, 100 of them took every place of a worker without this limit, and all other messages waited for 16 s. With it
 * they take a third of the places.
 */
export const sendsAtOnce = 32;

/**
 * Limits of the breaker. Failures that affect one message only, such as a refused message or a rate limit, do not
 * count.
 */
export const breakerLimits = {
  /** Consecutive failures over all deliveries of the gate. */
  failures: 5,
  /** The time from opening to the first probe. It doubles with each probe that fails. */
  firstProbeMs: 5_000,
  longestProbeMs: 60_000,
} as const;

/** How many messages may go out in which time. After a quiet time, `burst` may go at once; 1 spaces them evenly. */
export interface Rate {
  readonly limit: number;
  readonly perMs: number;
  readonly burst: number;
}

/** Milliseconds between two slots. */
export function slotIntervalMs({ limit, perMs }: Rate): number {
  return perMs / limit;
}

/**
 * The worker sleeps until a slot that is nearer than this. For a later slot the delivery waits without occupying a
 * place.
 */
export const slotHorizonMs = 2_000;

/**
 * How long a slot may be used after its time, in milliseconds. Slots that were delayed for longer are lost, so that
 * they do not all come at once. In any time, no more messages go out than the limit, the burst, and the slots of a
 * quarter of a second (or one slot) allow.
 */
export const slotLifeMs = (intervalMs: number): number => Math.max(250, intervalMs);

/**
 * The first slot for a waiting delivery is this far ahead, because the way from the gate to the send takes that long.
 */
export const slotLeadMs = 200;

/**
 * A delivery that is late for its slot takes the next one, ahead of those that wait. If it is later than this, it has
 * to wait again.
 */
export const callLifeMs = 5_000;
