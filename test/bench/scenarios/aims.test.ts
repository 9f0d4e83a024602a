import { aimLines, brokenPromises, isMet, type Aim } from '../../../bench/scenarios/aims.ts';

const speed: Aim = { what: 'speed', measured: 0.7, atLeast: 0.8 };
const lost: Aim = { what: 'lost', measured: 1, atMost: 0, isPromise: true };

describe('an aim', () => {
  it('is met up to its bound', () => {
    expect(isMet({ ...speed, measured: 0.8 })).toBe(true);
    expect(isMet(speed)).toBe(false);
    expect(isMet({ ...lost, measured: 0 })).toBe(true);
    expect(isMet(lost)).toBe(false);
  });

  it('is not met by what was not measured', () => {
    expect(isMet({ ...speed, measured: Number.NaN })).toBe(false);
    expect(isMet({ ...lost, measured: Number.NaN })).toBe(false);
  });

  it('is shown with what was measured, a missed speed otherwise than a broken promise', () => {
    expect(aimLines([{ ...speed, measured: 0.91 }, speed, lost])).toEqual([
      'met     speed: 0.91 (aim ≥ 0.80)',
      'missed  speed: 0.70 (aim ≥ 0.80)',
      'BROKEN  lost: 1 (aim ≤ 0)',
    ]);
    expect(brokenPromises([speed, lost, { ...lost, measured: 0 }])).toEqual([lost]);
  });
});
