import { nextDelayMs, parseDuration, retryPolicies } from '../../src/domain/retry.ts';

const quick = retryPolicies.quick;

describe('the wait before the next attempt', () => {
  it('the wait before the next attempt doubles up to the longest interval, with a jitter of 20 %', () => {
    expect(nextDelayMs(quick, 1, 0, undefined)).toBe(3_200);
    expect(nextDelayMs(quick, 1, 0.5, undefined)).toBe(4_000);
    expect(nextDelayMs(quick, 2, 0.5, undefined)).toBe(8_000);
    expect(nextDelayMs(quick, 3, 0.999_999, undefined)).toBeLessThanOrEqual(19_200);
    expect(nextDelayMs(quick, 20, 0.5, undefined)).toBe(quick.maxIntervalMs);
  });

  it('the wait before the next attempt is never shorter than Retry-After, whatever the jitter', () => {
    for (const random of [0, 0.5, 0.999]) expect(nextDelayMs(quick, 1, random, 7_000)).toBeGreaterThanOrEqual(7_000);
  });

  it('the wait before the next attempt is never 0, because Temporal would end the activity', () => {
    expect(nextDelayMs({ ...quick, initialIntervalMs: 0 }, 1, 0, undefined)).toBe(1);
  });
});

describe('named retry policies', () => {
  // The sum of the waits without jitter. A policy's name says roughly how long it goes on.
  const lastsMs = (name: keyof typeof retryPolicies): number => {
    const policy = retryPolicies[name];
    return Array.from({ length: policy.maxAttempts - 1 }, (_, index) =>
      nextDelayMs(policy, index + 1, 0.5, undefined),
    ).reduce((sum, delay) => sum + delay, 0);
  };

  it.each([
    ['quick', 60],
    ['thirty-minutes', 30 * 60],
    ['one-day', 24 * 3_600],
    ['three-days', 3 * 24 * 3_600],
  ] as const)('the waits of the retry policy %s add up to about %i s', (name, seconds) => {
    expect(lastsMs(name) / 1_000 / seconds).toBeGreaterThan(0.85);
    expect(lastsMs(name) / 1_000 / seconds).toBeLessThan(1.2);
  });

  it.each(Object.values(retryPolicies))(
    'the attempts of the retry policy $name end before its deadline even with the longest jitter',
    (policy) => {
      const longest = Array.from({ length: policy.maxAttempts - 1 }, (_, index) =>
        nextDelayMs(policy, index + 1, 1, undefined),
      );
      expect(longest.reduce((sum, delay) => sum + delay, 0)).toBeLessThan(policy.deadlineMs ?? Infinity);
    },
  );
});

describe('durations', () => {
  it('parseDuration reads a number with a unit and refuses everything else', () => {
    expect(['250ms', '10s', '1m', '8h', '3d'].map(parseDuration)).toEqual([
      250, 10_000, 60_000, 28_800_000, 259_200_000,
    ]);
    for (const wrong of ['10', '', 's', '1.5s', '-1s', '1w', ' 1s']) expect(parseDuration(wrong)).toBeUndefined();
  });
});
