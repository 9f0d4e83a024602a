import { compare } from '../../bench/deliveries.ts';
import type { Posted } from '../../bench/load.ts';

const posted = (at: number, ...deliveries: string[]): Posted => ({ at, ms: 5, status: 202, id: `m${at}`, deliveries });

describe("the benchmark's comparison of promised and arrived deliveries", () => {
  it('the benchmark finds no fault when everything arrived, and measures from each post to its arrivals', () => {
    const verdict = compare([posted(100, 'a', 'b'), posted(110, 'c')], { ids: ['b', 'a', 'c'], at: [130, 140, 150] });
    expect(verdict).toMatchObject({
      messages: 2,
      deliveries: 3,
      refused: 0,
      lost: 0,
      doubled: 0,
      unknown: 0,
      wallMs: 50,
    });
    expect([...verdict.receiptToDelivery].sort((a, b) => a - b)).toEqual([30, 40, 40]);
  });

  it('the benchmark counts deliveries that are lost, doubled or unknown', () => {
    const verdict = compare([posted(100, 'a', 'b', 'c')], {
      ids: ['a', 'a', 'a', 'b', 'x'],
      at: [120, 130, 140, 150, 160],
    });
    expect(verdict).toMatchObject({ deliveries: 3, lost: 1, doubled: 1, unknown: 1 });
  });

  it('the benchmark measures to the first arrival of a delivery that came twice', () => {
    expect(compare([posted(100, 'a')], { ids: ['a', 'a'], at: [120, 900] }).receiptToDelivery).toEqual([20]);
  });

  it('the benchmark expects no delivery of a refused post', () => {
    const refused: Posted = { at: 100, ms: 5, status: 503, id: '', deliveries: [] };
    expect(compare([refused, posted(101, 'a')], { ids: ['a'], at: [110] })).toMatchObject({
      messages: 1,
      refused: 1,
      lost: 0,
    });
  });
});
