import { classPolicies, type DeliveryClassName } from './delivery-class.ts';
import type { DestinationId } from './ids.ts';
import type { RetryPolicy } from './retry.ts';
import { resolveRetry, type RetryInput } from './retry-input.ts';

/** One destination of the plan. This is the intent that is durable when the API answers. */
export interface PlannedDelivery {
  readonly destination: DestinationId;
  /**
   * Why the destination is in the plan: `request` if the caller named it, `replay` if the original message went there.
   */
  readonly via: string;
  readonly policy: RetryPolicy;
  readonly timeoutMs: number;
  readonly inLane: boolean;
  /**
   * How long the later deliveries of its lane wait if this one parks, in milliseconds. Infinity is until an operator
   * acts; null means that they do not wait.
   */
  readonly holdForMs: number | null;
}

/** The parts of a destination that planning needs. */
interface Plannable {
  readonly id: DestinationId;
  /** As stored: a policy's name, its fields, or null for the default policy. */
  readonly retry: unknown;
  readonly timeoutMs: number;
  readonly order: 'conversation' | 'none';
  readonly onParked: string;
  readonly holdForMs: number;
}

/**
 * Plans the delivery of a message to a destination by the present configuration. A message's class takes precedence
 * over the destination's policy.
 */
export function planDelivery(
  destination: Plannable,
  message: { readonly class: DeliveryClassName | null; readonly conversation: string | null },
  via: string,
): PlannedDelivery {
  return {
    destination: destination.id,
    via,
    policy: message.class === null ? resolveRetry(destination.retry as RetryInput) : classPolicies[message.class],
    timeoutMs: destination.timeoutMs,
    inLane: destination.order === 'conversation' && message.conversation !== null,
    holdForMs: destination.onParked === 'hold' ? destination.holdForMs : null,
  };
}
