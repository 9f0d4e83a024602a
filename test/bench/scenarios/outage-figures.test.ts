import type { Arrival } from '../../../bench/scenarios/evidence.ts';
import { outageAims, outageFigures, outageSeries } from '../../../bench/scenarios/outage-figures.ts';
import { isMet } from '../../../bench/scenarios/aims.ts';

const arrival = (at: number, id: string, isTaken = true): Arrival => ({
  path: '/dead',
  id,
  at,
  status: isTaken ? 200 : 500,
  isTaken,
  conversation: null,
  sequence: null,
  priority: 'normal',
});
/** Down until 5 s; then two, a pause, and one. */
const atSink = [
  arrival(1_000, 'a', false),
  arrival(1_100, 'b', false),
  arrival(7_000, 'a'),
  arrival(7_050, 'b'),
  arrival(9_000, 'c'),
];

describe('a sink that was down', () => {
  it('is described by what came before and after its return', () => {
    expect(outageFigures(atSink, 5_000, [2, 2, 1])).toMatchObject({
      attemptsMax: 2,
      attemptsMean: 5 / 3,
      requestsWhileDown: 2,
      firstAfterMs: 2_000,
      drainMs: 2_000,
      mostInOneSecond: 2,
      mostInTenSeconds: 3,
    });
  });

  it('has its requests by the second, those that failed apart', () => {
    expect(outageSeries(atSink, 1_000)).toEqual({ taken: [0, 0, 0, 0, 0, 0, 2, 0, 1], failed: [2] });
  });

  it('misses its aims where it is run over, or left waiting for an attempt too many', () => {
    const missed = (attempts: number[], rate: number): string[] =>
      outageAims(outageFigures(atSink, 5_000, attempts), rate)
        .filter((aim) => !isMet(aim))
        .map(({ what }) => what.split(',')[0] ?? '');
    expect(missed([1, 2, 3], 20)).toEqual([]);
    expect(missed([1, 2, 4], 20)).toEqual(['attempts of a message that waited']);
    expect(missed([1, 1, 1], 0.5)).toEqual(['requests in any second after it is back (rate 0.5)']);
  });
});
