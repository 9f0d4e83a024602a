import { percentile, spread } from '../../bench/statistics.ts';

describe('percentiles', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])('the percentile of 1 to 100 at %f is %i, in any order', (share, value) => {
    expect(percentile(hundred, share)).toBe(value);
  });

  it('a percentile is always one of the measured values', () => {
    expect(percentile([3, 1], 0.5)).toBe(1);
    expect(percentile([3, 1], 0.99)).toBe(3);
  });

  it('a percentile of no values is not a number', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });

  it('computing percentiles leaves the values in their order', () => {
    const values = [3, 1, 2];
    expect(spread(values)).toEqual({ count: 3, p50: 2, p99: 3, max: 3 });
    expect(values).toEqual([3, 1, 2]);
  });
});
