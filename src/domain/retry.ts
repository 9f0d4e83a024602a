/** When a delivery is tried again. Durations are in milliseconds. Randomness and the clock are passed in. */
export interface RetryPolicy {
  readonly name: string;
  readonly initialIntervalMs: number;
  readonly multiplier: number;
  readonly maxIntervalMs: number;
  /** Attempts in one retry cycle. A manual retry grants one more cycle. */
  readonly maxAttempts: number;
  /** From the first attempt; null means no deadline. */
  readonly deadlineMs: number | null;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** The retry policies by name. A name says roughly how long the doubling waits add up to; `quick` is about a minute. */
export const retryPolicies = {
  quick: policy('quick', 5, 4 * second, minute, minute * 1.5),
  'thirty-minutes': policy('thirty-minutes', 8, 14 * second, 30 * minute, 45 * minute),
  'one-day': policy('one-day', 14, 10 * second, day, 1.5 * day),
  'three-days': policy('three-days', 20, 10 * second, 8 * hour, 4 * day),
} as const satisfies Record<string, RetryPolicy>;

export type RetryPolicyName = keyof typeof retryPolicies;
export const defaultRetryPolicy: RetryPolicyName = 'thirty-minutes';

function policy(
  name: string,
  maxAttempts: number,
  initialIntervalMs: number,
  maxIntervalMs: number,
  deadlineMs: number,
): RetryPolicy {
  return { name, initialIntervalMs, multiplier: 2, maxIntervalMs, maxAttempts, deadlineMs };
}

/** Spread of the backoff, so that a thousand messages that failed together do not all come back together. */
const jitter = 0.2;

/**
 * The wait before the next attempt, in whole milliseconds: the larger of the backoff (±20 %) and the platform's
 * Retry-After, which is never undercut. At least 1, because the Temporal server ends an activity whose next delay is 0.
 * @param attempt attempts made in this retry cycle, starting at 1.
 * @param random a number in [0, 1).
 */
export function nextDelayMs(
  retry: RetryPolicy,
  attempt: number,
  random: number,
  retryAfterMs: number | undefined,
): number {
  const backoff = Math.min(retry.initialIntervalMs * retry.multiplier ** (attempt - 1), retry.maxIntervalMs);
  const spread = backoff * (1 - jitter + 2 * jitter * random);
  return Math.max(1, Math.ceil(spread), Math.ceil(retryAfterMs ?? 0));
}

const units: Record<string, number> = { ms: 1, s: second, m: minute, h: hour, d: day };
/** A duration with its unit: `250ms`, `10s`, `1m`, `8h`, `3d`. */
export const durationPattern = '^([0-9]{1,9})(ms|s|m|h|d)$';

/** The milliseconds of a duration such as `10s`; undefined if the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = new RegExp(durationPattern).exec(text);
  if (match === null) return undefined;
  const unit = units[match[2] ?? ''];
  return unit === undefined ? undefined : Number(match[1]) * unit;
}
