import {
  beforeLastCritical,
  firstTaken,
  latencies,
  outOfOrder,
  slowestBySecond,
  tally,
  type Arrival,
} from '../../../bench/scenarios/evidence.ts';
import type { Streamed } from '../../../bench/stream.ts';

let moment = 0;
/** Returns an arrival. Each comes 10 ms after the one before. */
const arrive = (id: string, more: Partial<Arrival> = {}): Arrival => ({
  path: '/sink',
  id,
  at: (moment += 10),
  status: 200,
  isTaken: true,
  conversation: null,
  sequence: null,
  priority: 'normal',
  ...more,
});
const inLane = (sequence: number, more: Partial<Arrival> = {}): Arrival =>
  arrive(`dlv_${sequence}`, { conversation: 'a', sequence, ...more });

const posted = (at: number, ...deliveries: string[]): Streamed => ({
  at,
  ms: 1,
  status: 202,
  id: 'msg',
  deliveries: deliveries.map((id) => ({ id, destination: id.split('-')[0] ?? '' })),
});

beforeEach(() => void (moment = 0));

describe("a scenario's comparison of promised and arrived deliveries", () => {
  it('a scenario counts deliveries never taken and taken twice, but not refused requests', () => {
    const posts = [posted(0, 'a-1', 'b-1'), posted(0, 'a-2'), { ...posted(0), status: 429 }];
    const arrivals = [
      arrive('a-1', { isTaken: false, status: 500 }),
      arrive('a-1'),
      arrive('a-1'),
      arrive('b-1'),
      arrive('a-2', { isTaken: false, status: 0 }),
    ];
    expect(tally(posts, arrivals)).toEqual({
      messages: 2,
      deliveries: 3,
      refused: 1,
      lost: 1,
      doubled: 1,
      requestsEach: 5 / 3,
    });
    expect(tally(posts, arrivals, ['b'])).toMatchObject({ deliveries: 1, lost: 0, doubled: 0, requestsEach: 1 });
  });

  it('a scenario measures from the post to the first request that the receiver took', () => {
    const arrivals = [arrive('a-1', { isTaken: false }), arrive('b-1'), arrive('a-1'), arrive('a-1')];
    const posts = [posted(5, 'a-1', 'b-1'), posted(5, 'a-2')];
    expect(latencies(posts, arrivals)).toEqual([25, 15]);
    expect(latencies(posts, arrivals, ['a'])).toEqual([25]);
    expect([...firstTaken(arrivals).keys()]).toEqual(['b-1', 'a-1']);
  });
});

describe('the slowest delivery of each second', () => {
  it('the slowest delivery of a second is found by the time of its post, and is 0 for a second without posts', () => {
    const posts = [posted(100, 'a-1'), posted(150, 'a-2'), posted(2_200, 'a-3'), posted(3_200, 'a-4')];
    const arrivals = [arrive('a-1', { at: 400 }), arrive('a-2', { at: 200 }), arrive('a-3', { at: 5_000 })];
    expect(slowestBySecond(posts, arrivals)).toEqual([300, 0, 2_800]);
  });
});

describe('the order of a lane in a scenario', () => {
  it('a lane is in order when its sequences rise, also with gaps and repeated deliveries', () => {
    expect(outOfOrder([inLane(1), inLane(3), inLane(1), inLane(3), inLane(4)])).toEqual([]);
  });

  it('a lane counts each delivery that comes after its successor as out of order', () => {
    const late = outOfOrder([inLane(3), inLane(1), inLane(2), inLane(4)]);
    expect(late.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  it('a refused request does not count for the order of a lane', () => {
    expect(outOfOrder([inLane(2, { isTaken: false }), inLane(1), inLane(2)])).toEqual([]);
  });

  it('each path and each conversation has an order of its own', () => {
    const arrivals = [
      inLane(9),
      arrive('other', { conversation: 'b', sequence: 1 }),
      arrive('elsewhere', { path: '/other', conversation: 'a', sequence: 1 }),
      arrive('free'),
    ];
    expect(outOfOrder(arrivals)).toEqual([]);
  });
});

describe('critical messages in a scenario', () => {
  it('a scenario counts the other messages taken before the last critical one, from a given time on', () => {
    const critical = { priority: 'critical' } as const;
    const arrivals = [
      arrive('before'),
      arrive('n-1'),
      arrive('c-1', critical),
      arrive('n-2', { isTaken: false }),
      arrive('n-3'),
      arrive('c-2', critical),
      arrive('n-4'),
    ];
    expect(beforeLastCritical(arrivals, 20)).toBe(2);
    expect(beforeLastCritical([arrive('n-5')], 0)).toBe(0);
  });
});
