import { percentile, spread } from '../../bench/statistics.ts';

describe('a percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])('of 1 to 100 at %f is %i, whatever their order', (share, value) => {
    expect(percentile(hundred, share)).toBe(value);
  });

  it('is a value that was measured, even of a few', () => {
    expect(percentile([3, 1], 0.5)).toBe(1);
    expect(percentile([3, 1], 0.99)).toBe(3);
  });

  it('of nothing is not a number', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });

  it('leaves the values as they were', () => {
    const values = [3, 1, 2];
    expect(spread(values)).toEqual({ count: 3, p50: 2, p99: 3, max: 3 });
    expect(values).toEqual([3, 1, 2]);
  });
});
