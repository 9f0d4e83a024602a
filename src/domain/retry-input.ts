import { defaultRetryPolicy, parseDuration, retryPolicies, type RetryPolicy, type RetryPolicyName } from './retry.ts';

/**
 * A policy as a user writes it. A missing field is taken from the default policy, but a missing `deadline` means none.
 */
export interface RetryFields {
  readonly initialInterval?: string;
  readonly multiplier?: number;
  readonly maxInterval?: string;
  readonly maxAttempts?: number;
  readonly deadline?: string;
}

/** The retry setting of a destination: a policy's name, its fields, or null for the default. */
export type RetryInput = RetryPolicyName | RetryFields | null;

export interface RetryProblem {
  readonly key: keyof RetryFields;
  readonly message: string;
}

/**
 * The longest duration in a policy. It is longer than any named policy; if a message were tried for months, everyone
 * would have forgotten it.
 */
const longestMs = 30 * 24 * 60 * 60 * 1000;

/**
 * Lists fields that are out of range or contradict each other although each is valid on its own; empty if the input can
 * be used.
 */
export function findRetryProblems(input: RetryInput): RetryProblem[] {
  if (input === null || typeof input === 'string') return [];
  const problems: RetryProblem[] = [];
  for (const key of ['initialInterval', 'maxInterval', 'deadline'] as const) {
    const ms = input[key] === undefined ? undefined : parseDuration(input[key]);
    if (ms !== undefined && (ms < 1 || ms > longestMs)) problems.push({ key, message: 'must be between 1ms and 30d' });
  }
  const { initialIntervalMs, maxIntervalMs, deadlineMs } = resolveRetry(input);
  if (problems.length > 0) return problems;
  if (initialIntervalMs > maxIntervalMs) {
    const message = `must not be longer than maxInterval (${formatDuration(maxIntervalMs)})`;
    problems.push({ key: 'initialInterval', message });
  } else if (deadlineMs !== null && deadlineMs < initialIntervalMs) {
    const message = `must not be shorter than initialInterval (${formatDuration(initialIntervalMs)})`;
    problems.push({ key: 'deadline', message });
  }
  return problems;
}

/** The policy that a destination's setting means. Pure: planning resolves it once, and the intent stores the result. */
export function resolveRetry(input: RetryInput): RetryPolicy {
  if (input === null) return retryPolicies[defaultRetryPolicy];
  if (typeof input === 'string') return retryPolicies[input];
  const usual = retryPolicies[defaultRetryPolicy];
  return {
    name: 'custom',
    initialIntervalMs: milliseconds(input.initialInterval) ?? usual.initialIntervalMs,
    multiplier: input.multiplier ?? usual.multiplier,
    maxIntervalMs: milliseconds(input.maxInterval) ?? usual.maxIntervalMs,
    maxAttempts: input.maxAttempts ?? usual.maxAttempts,
    deadlineMs: milliseconds(input.deadline) ?? null,
  };
}

function milliseconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** The shortest way to write a duration with one unit, such as `90s`. `parseDuration` reads it. */
export function formatDuration(ms: number): string {
  const unit = units.find(([, size]) => ms >= size && ms % size === 0);
  return unit === undefined ? `${ms}ms` : `${ms / unit[1]}${unit[0]}`;
}
