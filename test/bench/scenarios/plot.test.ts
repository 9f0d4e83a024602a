import { mostWithin, perSecond, plot } from '../../../bench/scenarios/plot.ts';

describe('a count for each second', () => {
  it('begins at a moment, leaves out what was before, and shows seconds without any', () => {
    expect(perSecond([900, 1_000, 1_999, 4_500], 1_000)).toEqual([2, 0, 0, 1]);
    expect(perSecond([], 0)).toEqual([]);
  });
});

describe('the most within a time', () => {
  it('is found wherever that begins, not only at whole seconds', () => {
    const at = [0, 900, 950, 1_000, 1_050, 1_800];
    expect(mostWithin(at, 1_000)).toBe(5);
    expect(mostWithin(at, 150)).toBe(3);
  });

  it('ends before its end: evenly spaced ones are as many as their rate says', () => {
    const even = Array.from({ length: 100 }, (_, index) => index * 50);
    expect(mostWithin(even, 1_000)).toBe(20);
  });

  it('is none where there are none, and needs no order', () => {
    expect(mostWithin([], 1_000)).toBe(0);
    expect(mostWithin([300, 100, 200], 1_000)).toBe(3);
  });
});

describe('a plot', () => {
  it('has the largest value as its top, and shows the smallest', () => {
    expect(plot([0, 1, 50, 100], { height: 2 })).toEqual(['100 |   █', '  0 | ▁██', '    +----', '     0 4 s']);
  });

  it('of more values than columns shows the largest of each column', () => {
    const values = [0, 0, 9, 0, 0, 0, 0, 3];
    expect(plot(values, { width: 4, height: 1 })).toEqual(['9 | █ ▃', '  +----', '   0 8 s']);
  });

  it('of nothing is empty', () => {
    expect(plot([], { height: 1 })).toEqual(['1 |', '  +', '   0 0 s']);
  });
});
