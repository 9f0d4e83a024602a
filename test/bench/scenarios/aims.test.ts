import { aimLines, brokenPromises, isMet, type Aim } from '../../../bench/scenarios/aims.ts';

const speed: Aim = { what: 'speed', measured: 0.7, atLeast: 0.8 };
const lost: Aim = { what: 'lost', measured: 1, atMost: 0, isPromise: true };

describe('aims of a scenario', () => {
  it('a value that is exactly at the bound of an aim meets the aim', () => {
    expect(isMet({ ...speed, measured: 0.8 })).toBe(true);
    expect(isMet(speed)).toBe(false);
    expect(isMet({ ...lost, measured: 0 })).toBe(true);
    expect(isMet(lost)).toBe(false);
  });

  it('an aim whose value was not measured is not met', () => {
    expect(isMet({ ...speed, measured: Number.NaN })).toBe(false);
    expect(isMet({ ...lost, measured: Number.NaN })).toBe(false);
  });

  it('an aim is shown with its measured value, and a broken promise differs from a missed speed', () => {
    expect(aimLines([{ ...speed, measured: 0.91 }, speed, lost])).toEqual([
      'met     speed: 0.91 (aim ≥ 0.80)',
      'missed  speed: 0.70 (aim ≥ 0.80)',
      'BROKEN  lost: 1 (aim ≤ 0)',
    ]);
    expect(brokenPromises([speed, lost, { ...lost, measured: 0 }])).toEqual([lost]);
  });
});
