import { retryPolicies, type RetryPolicy } from './retry.ts';

/** How much a message matters, in terms of how long it is tried (design §3.5). It stands above a destination's policy. */
export const deliveryClasses = ['must', 'should', 'best-effort'] as const;
export type DeliveryClassName = (typeof deliveryClasses)[number];

const minute = 60_000;

/** Best effort is worth nothing after this; it is then `expired`, and nobody is asked to look at it. */
export const bestEffortMs = 15 * minute;

/** Of the policy that makes a delivery expire instead of parking. */
export const bestEffortPolicy = 'best-effort';

/** What each class grants. `must` is kept open until somebody has handled it, and never expires unseen. */
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
