import { findRetryProblems, formatDuration, resolveRetry } from '../../src/domain/retry-input.ts';
import { parseDuration, retryPolicies } from '../../src/domain/retry.ts';

test('a retry setting of null means the default policy, and a name means the policy of that name', () => {
  expect(resolveRetry(null)).toBe(retryPolicies['thirty-minutes']);
  expect(resolveRetry('one-day')).toBe(retryPolicies['one-day']);
});

test('a custom retry policy takes missing fields from the default policy, but has no default deadline', () => {
  const { initialIntervalMs, multiplier, maxIntervalMs, maxAttempts } = retryPolicies['thirty-minutes'];
  expect(resolveRetry({})).toEqual({
    name: 'custom',
    initialIntervalMs,
    multiplier,
    maxIntervalMs,
    maxAttempts,
    deadlineMs: null,
  });
  expect(resolveRetry({ multiplier: 1.5, deadline: '1h' })).toMatchObject({ multiplier: 1.5, deadlineMs: 3_600_000 });
});

test.each([
  [{}, []],
  [{ initialInterval: '30m' }, []],
  [{ initialInterval: '31m' }, ['initialInterval']],
  [{ initialInterval: '1m', maxInterval: '1s' }, ['initialInterval']],
  [{ initialInterval: '1s', deadline: '1s' }, []],
  [{ initialInterval: '1s', deadline: '999ms' }, ['deadline']],
  [{ maxInterval: '999999999d', deadline: '0ms' }, ['maxInterval', 'deadline']],
])('the retry setting %j has problems at the fields %j', (input, keys) => {
  expect(findRetryProblems(input).map(({ key }) => key)).toEqual(keys);
});

test.each([
  [1, '1ms'],
  [1_500, '1500ms'],
  [60_000, '1m'],
  [90_000, '90s'],
  [86_400_000, '1d'],
])('formatDuration writes %d ms as %s, and parseDuration reads it back', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
  expect(parseDuration(text)).toBe(ms);
});
