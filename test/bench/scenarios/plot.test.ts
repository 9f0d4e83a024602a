import { mostWithin, perSecond, plot } from '../../../bench/scenarios/plot.ts';

describe('counts per second', () => {
  it('counts per second begin at a given time and include seconds without any', () => {
    expect(perSecond([900, 1_000, 1_999, 4_500], 1_000)).toEqual([2, 0, 0, 1]);
    expect(perSecond([], 0)).toEqual([]);
  });
});

describe('the most requests within a time', () => {
  it('the most requests within a time are found wherever that time begins', () => {
    const at = [0, 900, 950, 1_000, 1_050, 1_800];
    expect(mostWithin(at, 1_000)).toBe(5);
    expect(mostWithin(at, 150)).toBe(3);
  });

  it('a window of time leaves out its end, so that evenly spaced requests are counted at their rate', () => {
    const even = Array.from({ length: 100 }, (_, index) => index * 50);
    expect(mostWithin(even, 1_000)).toBe(20);
  });

  it('the most requests within a time are 0 without requests, and need no order', () => {
    expect(mostWithin([], 1_000)).toBe(0);
    expect(mostWithin([300, 100, 200], 1_000)).toBe(3);
  });
});

describe('plots of the benchmark', () => {
  it('a plot has its largest value as the top, and shows the smallest one', () => {
    expect(plot([0, 1, 50, 100], { height: 2 })).toEqual(['100 |   █', '  0 | ▁██', '    +----', '     0 4 s']);
  });

  it('a plot with more values than columns shows the largest of each column', () => {
    const values = [0, 0, 9, 0, 0, 0, 0, 3];
    expect(plot(values, { width: 4, height: 1 })).toEqual(['9 | █ ▃', '  +----', '   0 8 s']);
  });

  it('a plot of no values is empty', () => {
    expect(plot([], { height: 1 })).toEqual(['1 |', '  +', '   0 0 s']);
  });
});
