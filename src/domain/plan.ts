import { classPolicies, type DeliveryClassName } from './delivery-class.ts';
import type { DestinationId } from './ids.ts';
import type { RetryPolicy } from './retry.ts';
import { resolveRetry, type RetryInput } from './retry-input.ts';

/** One destination of the plan; the intent that is durable with the answer. */
export interface PlannedDelivery {
  readonly destination: DestinationId;
  /** How it came into the plan: `request` where the caller named it, `replay` where the original went there. */
  readonly via: string;
  readonly policy: RetryPolicy;
  readonly timeoutMs: number;
  readonly inLane: boolean;
  /** How long those behind it in its lane wait when it parks, milliseconds; Infinity is until somebody acts, null not at all. */
  readonly holdForMs: number | null;
}

/** What planning needs to know of a destination. */
interface Plannable {
  readonly id: DestinationId;
  /** As stored: a policy's name or its fields; null is the default policy. */
  readonly retry: unknown;
  readonly timeoutMs: number;
  readonly order: 'conversation' | 'none';
  readonly onParked: string;
  readonly holdForMs: number;
}

/** The intent for a message at a destination, by what is configured today. A message's class stands above the policy. */
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
