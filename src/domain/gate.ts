import type { ConnectionId, DestinationId } from './ids.ts';

/** What shares its health, its pause and its rate: one destination, or all that is reached through a connection. */
export type GateName = `destination:${string}` | `connection:${string}`;

export const destinationGate = (id: DestinationId): GateName => `destination:${id}`;
export const connectionGate = (id: ConnectionId): GateName => `connection:${id}`;

/** A gate as one delivery sees it. Times are relative to the database's clock, milliseconds. */
export interface GateView {
  readonly name: GateName;
  readonly isPaused: boolean;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** This delivery was chosen to find out whether the platform is back. */
  readonly isProbe: boolean;
  /** Time left of a platform's Retry-After that holds for the whole scope; null without one. */
  readonly retryAfterMs: number | null;
  /** As many are being sent there as may be at once. */
  readonly isFull?: boolean;
}

/** Why a delivery may not go through now. */
export interface Shut {
  readonly gate: GateName;
  readonly why: 'paused' | 'breaker' | 'retry_after' | 'busy';
  /** How long at least, where that is known. */
  readonly ms: number | null;
}

/** The first gate that is shut; a pause says more to an operator than a breaker, so it is looked for first. */
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
 * Sends to one destination at once, over all workers. Of 500 messages to a destination that takes 10 s for each, 100 held
 * every place of a worker without it, and everybody else waited for 16 s; with it they hold a third.
 */
export const sendsAtOnce = 32;

/** The breaker's limits. Failures that speak of one message only (refused, rate-limited) do not count. */
export const breakerLimits = {
  /** In a row, over all deliveries of the scope. */
  failures: 5,
  /** From opening to the first probe; doubles with each probe that fails. */
  firstProbeMs: 5_000,
  longestProbeMs: 60_000,
} as const;

/** How many may go in which time. `burst` may go at once after a quiet time; 1 spaces them evenly. */
export interface Rate {
  readonly limit: number;
  readonly perMs: number;
  readonly burst: number;
}

/** Milliseconds between two slots. */
export function slotIntervalMs({ limit, perMs }: Rate): number {
  return perMs / limit;
}

/** A slot nearer than this is slept for; for one further off the delivery waits without costing anybody a place. */
export const slotHorizonMs = 2_000;

/**
 * Milliseconds for which a slot may be used after its moment: what is held up for longer must not come all at once. So no
 * more go in any time than its limit, the burst, and the slots of a quarter of a second, or one.
 */
export const slotLifeMs = (intervalMs: number): number => Math.max(250, intervalMs);

/** The first slot that is given to somebody who waits is so far ahead: the way from the gate to the send takes that. */
export const slotLeadMs = 200;

/** Who comes so late for a slot that was given to it takes the next one, ahead of those that wait; later, it waits anew. */
export const callLifeMs = 5_000;
