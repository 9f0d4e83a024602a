import { retryPolicies, type RetryPolicy } from './retry.ts';

/**
 * How much a message matters, in terms of how long it is tried. The class of a message takes precedence over the policy
 * of a destination.
 */
export const deliveryClasses = ['must', 'should', 'best-effort'] as const;
export type DeliveryClassName = (typeof deliveryClasses)[number];

const minute = 60_000;

/** After this time a best-effort message is worthless. It becomes `expired`, and no operator needs to look at it. */
export const bestEffortMs = 15 * minute;

/** The name of the policy by which a delivery expires instead of being parked. */
export const bestEffortPolicy = 'best-effort';

/** The policy of each class. `must` stays open until an operator handles it, and never expires unseen. */
export const classPolicies: Readonly<Record<DeliveryClassName, RetryPolicy>> = {
  must: retryPolicies['three-days'],
  should: retryPolicies['one-day'],
  'best-effort': {
    name: bestEffortPolicy,
    initialIntervalMs: minute,
    multiplier: 2,
    maxIntervalMs: 8 * minute,
    maxAttempts: 5,
    deadlineMs: bestEffortMs,
  },
};
