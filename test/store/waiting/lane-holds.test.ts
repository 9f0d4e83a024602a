import { findNextInLanes } from '../../../src/store/waiting/lane.ts';
import { endHolds, findOverdue } from '../../../src/store/runs/overdue.ts';
import { end } from '../../../src/store/ledger/end.ts';
import { requestCancel, requestRetry } from '../../../src/store/runs/commands.ts';
import { eventually } from '../../support/eventually.ts';
import { createGateBench, type GateBench } from '../../support/gate-bench.ts';
import { forever, hold, laneBench, named } from '../../support/lane-bench.ts';

let bench: GateBench;
beforeAll(async () => void (bench = await createGateBench()));
afterAll(() => bench.close());

const { lane, claimed, park, deliver, mayGo, holdOf, endTheHold } = laneBench(() => bench);
const reason = { code: 'http_500', message: 'for the test' } as const;

describe('a parked head of a lane', () => {
  it('a parked head that does not hold its lane lets the next delivery go at once', async () => {
    const [first, second] = await lane('pass', 2);
    expect(named(await park(first))).toEqual([second]);
    await deliver(second);
  });

  it('a parked head that holds its lane keeps the others waiting for five minutes, and no longer', async () => {
    const [first, second] = await lane('hold', 2, hold);
    expect(named(await park(first))).toEqual([]);
    expect(await mayGo(second)).toBe(false);
    expect(await bench.claim(second)).toBeUndefined();
    const until = (await holdOf(first)).getTime() - Date.now();
    expect(until).toBeGreaterThan(290_000);
    expect(until).toBeLessThan(310_000);
    await endTheHold(first);
    await deliver(second);
  });

  it('an uncertain head holds its lane, too', async () => {
    const [first, second] = await lane('hold-uncertain', 2, hold);
    await end(bench.sql, { delivery: first, state: 'uncertain', reason });
    expect(await mayGo(second)).toBe(false);
  });

  it('a head that holds its lane for ever is never overdue', async () => {
    const [first, second] = await lane('forever', 2, forever);
    await park(first);
    expect(await bench.delivery(first)).toMatchObject({ due_at: null });
    expect(await bench.sql`select from deliveries where id = ${first} and hold_until = 'infinity'`).toHaveLength(1);
    expect(await mayGo(second)).toBe(false);
  });

  it.each([
    ['it is cancelled', (id: string) => requestCancel(bench.sql, 'default', { delivery: id })],
    [
      'it is retried and delivered',
      async (id: string) => {
        await requestRetry(bench.sql, 'default', { delivery: id });
        await deliver(id);
      },
    ],
    [
      'it is skipped',
      (id: string) => bench.sql`update deliveries set state = 'skipped', due_at = null where id = ${id}`,
    ],
  ])('a head that holds its lane for ever lets the next delivery go when %s', async (name, act) => {
    const [first, second] = await lane(`forever-${name}`, 2, forever);
    await park(first);
    expect(await mayGo(second)).toBe(false);
    await act(first);
    expect(named({ next: await findNextInLanes(bench.sql, [first]) })).toEqual([second]);
    await deliver(second);
  });

  it('a delivery that parks and holds its lane lets an earlier, retried delivery go', async () => {
    const [first, second, third] = await lane('holds-only-those-behind', 3, hold);
    await park(first);
    await endTheHold(first);
    await deliver(second);
    const token = await claimed(third);
    await requestRetry(bench.sql, 'default', { delivery: first });
    expect(await mayGo(first)).toBe(false);
    expect(named(await bench.fail(third, token, { park: true }))).toEqual([first]);
    expect((await holdOf(third)).getTime()).toBeGreaterThan(Date.now());
  });

  it('a parked head that is retried goes before the later deliveries', async () => {
    const [first, second] = await lane('retry', 2);
    await park(first);
    await requestRetry(bench.sql, 'default', { delivery: first });
    expect(await mayGo(second)).toBe(false);
    await deliver(first);
    expect(await mayGo(second)).toBe(true);
  });
});

describe('the time of a hold', () => {
  it('the time of a hold counts from the first park until something is delivered in the lane again', async () => {
    const [first, second, third, fourth] = await lane('once', 4, hold);
    await park(first);
    await endTheHold(first);
    expect(named(await park(second))).toEqual([third]);
    expect(await holdOf(second)).toEqual(await holdOf(first));
    await deliver(third);
    expect(named(await park(fourth!))).toEqual([]);
    expect((await holdOf(fourth!)).getTime()).toBeGreaterThan(Date.now());
  });

  it('the time of a hold does not begin again when a retry of the head fails', async () => {
    const [first, second] = await lane('again', 2, hold);
    await park(first);
    await endTheHold(first);
    const until = await holdOf(first);
    await requestRetry(bench.sql, 'default', { delivery: first });
    expect(named(await park(first))).toEqual([second]);
    expect(await holdOf(first)).toEqual(until);
  });

  it('the time of a hold does not begin again when the first parked delivery is cancelled', async () => {
    const [first, second, third] = await lane('cancelled', 3, hold);
    await park(first);
    await endTheHold(first);
    const until = await holdOf(first);
    await requestCancel(bench.sql, 'default', { delivery: first });
    expect(named(await park(second))).toEqual([third]);
    expect(await holdOf(second)).toEqual(until);
  });

  it('the time of a hold begins again after a late success', async () => {
    const [first, second, third] = await lane('late-success', 3, { holdForMs: 1 });
    const token = await claimed(first);
    await bench.fail(first, token, { park: true, ambiguous: true });
    await eventually('the hold is over', () => mayGo(second));
    await park(second);
    expect(await holdOf(second)).toEqual(await holdOf(first));
    await bench.deliver(first, token);
    await park(third);
    expect((await holdOf(third)).getTime()).toBeGreaterThan((await holdOf(first)).getTime());
  });

  it('the sweep finds a hold whose time is over once, and the next delivery goes', async () => {
    const [first, second] = await lane('sweep', 2, hold);
    await park(first);
    await endTheHold(first);
    const overdue = (await findOverdue(bench.sql, 100)).map(({ id }) => id);
    expect(overdue).toContain(first);
    await endHolds(bench.sql, overdue);
    expect(named({ next: await findNextInLanes(bench.sql, [first]) })).toEqual([second]);
    expect((await findOverdue(bench.sql, 100)).map(({ id }) => id)).not.toContain(first);
  });

  it('a sweep that looks early does not end a hold', async () => {
    const [first] = await lane('early', 1, hold);
    await park(first);
    await endHolds(bench.sql, [first]);
    expect((await bench.delivery(first))['due_at']).not.toBeNull();
    expect(await findNextInLanes(bench.sql, [first])).toEqual([]);
  });
});
