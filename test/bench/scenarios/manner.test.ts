import { faultOf } from '../../../bench/scenarios/manner.ts';

describe('the faults of a receiver in a scenario', () => {
  const first = Array.from({ length: 1_000 }, (_, index) => faultOf(index + 1));

  it('a receiver has faults of all four kinds, and most of its requests succeed', () => {
    expect(new Set(first)).toEqual(new Set([undefined, 'error', 'busy', 'reset-before', 'reset-after']));
    expect(first.filter((fault) => fault === undefined).length).toBeGreaterThan(600);
  });

  it('a receiver fails at most twice in a row, which never opens a breaker', () => {
    const longest = first
      .map((fault) => (fault === undefined ? ' ' : 'x'))
      .join('')
      .split(' ')
      .reduce((most, run) => Math.max(most, run.length), 0);
    expect(longest).toBe(2);
  });
});
