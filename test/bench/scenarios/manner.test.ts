import { faultOf } from '../../../bench/scenarios/manner.ts';

describe('the faults of a receiver', () => {
  const first = Array.from({ length: 1_000 }, (_, index) => faultOf(index + 1));

  it('are of all four kinds, and more than half of the requests go well', () => {
    expect(new Set(first)).toEqual(new Set([undefined, 'error', 'busy', 'reset-before', 'reset-after']));
    expect(first.filter((fault) => fault === undefined).length).toBeGreaterThan(600);
  });

  it('come twice in a row at times, never often enough to open a breaker', () => {
    const longest = first
      .map((fault) => (fault === undefined ? ' ' : 'x'))
      .join('')
      .split(' ')
      .reduce((most, run) => Math.max(most, run.length), 0);
    expect(longest).toBe(2);
  });
});
