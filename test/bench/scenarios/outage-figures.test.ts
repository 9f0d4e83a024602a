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
/** The sink is down until 5 s. Then two requests come, and one more after a pause. */
const atSink = [
  arrival(1_000, 'a', false),
  arrival(1_100, 'b', false),
  arrival(7_000, 'a'),
  arrival(7_050, 'b'),
  arrival(9_000, 'c'),
];

describe('figures of a sink that was down', () => {
  it("the figures of an outage describe the requests before and after the sink's return", () => {
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

  it('the series of an outage counts requests per second, failed ones apart', () => {
    expect(outageSeries(atSink, 1_000)).toEqual({ taken: [0, 0, 0, 0, 0, 0, 2, 0, 1], failed: [2] });
  });

  it('an outage misses its aims if the sink is overrun, or a message needs too many attempts', () => {
    const missed = (attempts: number[], rate: number): string[] =>
      outageAims(outageFigures(atSink, 5_000, attempts), rate)
        .filter((aim) => !isMet(aim))
        .map(({ what }) => what.split(',')[0] ?? '');
    expect(missed([1, 2, 3], 20)).toEqual([]);
    expect(missed([1, 2, 4], 20)).toEqual(['attempts of a message that waited']);
    expect(missed([1, 1, 1], 0.5)).toEqual(['requests in any second after it is back (rate 0.5)']);
  });
});
