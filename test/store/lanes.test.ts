import { findNextInLanes, waitForTurn } from '../../src/store/lane.ts';
import { readLedger } from '../../src/store/ledger.ts';
import { endHolds, expireOverdue, findOverdue } from '../../src/store/overdue.ts';
import { rest } from '../../src/store/rest.ts';
import { requestCancel, requestRetry } from '../../src/store/wishes.ts';
import { eventually } from '../support/eventually.ts';
import { createGateBench, type GateBench } from '../support/gate-bench.ts';

let bench: GateBench;
beforeAll(async () => void (bench = await createGateBench()));
afterAll(() => bench.close());

const hold = { holdForMs: 300_000 };
const forever = { holdForMs: Number.POSITIVE_INFINITY };
const reason = { code: 'test', message: 'for the test' };

/** So many messages of one conversation, oldest first: their deliveries. */
const lane = async (conversation: string, count: number, options: Parameters<GateBench['post']>[0] = {}) =>
  (await bench.queue('orders', count, { conversation, ...options })) as [string, string, string, ...string[]];
const claimed = (id: string) => bench.token(id);
const park = async (id: string) => bench.fail(id, await claimed(id), { park: true });
const deliver = async (id: string) => bench.deliver(id, await claimed(id));
const mayGo = async (delivery: string) => {
  const [entry] = await readLedger(bench.sql, bench.ring, [delivery]);
  return entry?.view.isBehind === false;
};
const holdOf = async (delivery: string) => (await bench.delivery(delivery))['hold_until'] as Date;
/** The time for which these hold their lanes is over. */
const endTheHold = (...deliveries: string[]) => bench.sql`
  update deliveries set held_since = held_since - interval '1 hour', hold_until = hold_until - interval '1 hour',
    due_at = due_at - interval '1 hour' where id = any(${deliveries})`;
const named = ({ next }: { next: readonly { delivery: string }[] }) => next.map(({ delivery }) => delivery);

describe('a parked head of a lane', () => {
  it('that lets others pass calls the next one at once', async () => {
    const [first, second] = await lane('pass', 2);
    expect(named(await park(first))).toEqual([second]);
    await deliver(second);
  });

  it('that holds its lane keeps the others for the time of the hold, and no longer', async () => {
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

  it('that is uncertain holds its lane too', async () => {
    const [first, second] = await lane('hold-uncertain', 2, hold);
    await rest(bench.sql, { delivery: first, state: 'uncertain', reason });
    expect(await mayGo(second)).toBe(false);
  });

  it('that holds forever is never overdue', async () => {
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
  ])('that holds forever makes way when %s', async (name, act) => {
    const [first, second] = await lane(`forever-${name}`, 2, forever);
    await park(first);
    expect(await mayGo(second)).toBe(false);
    await act(first);
    expect(named({ next: await findNextInLanes(bench.sql, [first]) })).toEqual([second]);
    await deliver(second);
  });

  it('keeps its lane while a retry is under way', async () => {
    const [first, second] = await lane('retry', 2);
    await park(first);
    await requestRetry(bench.sql, 'default', { delivery: first });
    expect(await mayGo(second)).toBe(false);
    await deliver(first);
    expect(await mayGo(second)).toBe(true);
  });
});

describe('a head that ends before it was sent', () => {
  it.each(['skipped', 'expired', 'cancelled'] as const)('as %s calls the next one', async (state) => {
    const [first, second] = await lane(`end-${state}`, 2, hold);
    expect(named(await rest(bench.sql, { delivery: first, state, reason }))).toEqual([second]);
    expect(await mayGo(second)).toBe(true);
  });

  it('by its time calls the next one', async () => {
    const [first, second] = await lane('end-time', 2, hold);
    await bench.sql`update deliveries set expires_at = clock_timestamp() where id = ${first}`;
    expect(await expireOverdue(bench.sql, [first])).toEqual([first]);
    expect(named({ next: await findNextInLanes(bench.sql, [first]) })).toEqual([second]);
  });
});

describe('the time for which a lane is held', () => {
  it('is counted once, from the first park until something is delivered again', async () => {
    const [first, second, third, fourth] = await lane('once', 4, hold);
    await park(first);
    await endTheHold(first);
    expect(named(await park(second))).toEqual([third]);
    expect(await holdOf(second)).toEqual(await holdOf(first));
    await deliver(third);
    expect(named(await park(fourth!))).toEqual([]);
    expect((await holdOf(fourth!)).getTime()).toBeGreaterThan(Date.now());
  });

  it('is not counted anew when a retry of the head fails again', async () => {
    const [first, second] = await lane('again', 2, hold);
    await park(first);
    await endTheHold(first);
    const until = await holdOf(first);
    await requestRetry(bench.sql, 'default', { delivery: first });
    expect(named(await park(first))).toEqual([second]);
    expect(await holdOf(first)).toEqual(until);
  });

  it('goes on when the one that parked first is cancelled, and the next one parks', async () => {
    const [first, second, third] = await lane('cancelled', 3, hold);
    await park(first);
    await endTheHold(first);
    const until = await holdOf(first);
    await requestCancel(bench.sql, 'default', { delivery: first });
    expect(named(await park(second))).toEqual([third]);
    expect(await holdOf(second)).toEqual(until);
  });

  it('counts anew after a success that was heard of late', async () => {
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

  it('that is over is found by the sweep, which calls the next one, once', async () => {
    const [first, second] = await lane('sweep', 2, hold);
    await park(first);
    await endTheHold(first);
    const overdue = (await findOverdue(bench.sql, 100)).map(({ id }) => id);
    expect(overdue).toContain(first);
    await endHolds(bench.sql, overdue);
    expect(named({ next: await findNextInLanes(bench.sql, [first]) })).toEqual([second]);
    expect((await findOverdue(bench.sql, 100)).map(({ id }) => id)).not.toContain(first);
  });

  it('that is not over is not ended by an early look', async () => {
    const [first] = await lane('early', 1, hold);
    await park(first);
    await endHolds(bench.sql, [first]);
    expect((await bench.delivery(first))['due_at']).not.toBeNull();
    expect(await findNextInLanes(bench.sql, [first])).toEqual([]);
  });
});

describe('what passes a parked head', () => {
  it('goes in order among itself', async () => {
    const [first, second, third] = await lane('order', 3);
    await park(first);
    expect(await bench.claim(third)).toBeUndefined();
    expect(named(await deliver(second))).toEqual([third]);
    await deliver(third);
  });

  it('makes the head late when it is delivered after all, and is not late itself', async () => {
    const [first, second] = await lane('late', 2, hold);
    await park(first);
    await endTheHold(first);
    await deliver(second);
    await requestRetry(bench.sql, 'default', { delivery: first });
    await deliver(first);
    expect(await bench.delivery(first)).toMatchObject({ state: 'delivered', late: true });
    expect(await bench.delivery(second)).toMatchObject({ late: false });
  });

  it('is not late when nothing overtook it', async () => {
    const [first, second] = await lane('not-late', 2, hold);
    await park(first);
    await requestRetry(bench.sql, 'default', { delivery: first });
    await deliver(first);
    await deliver(second);
    expect(await bench.delivery(first)).toMatchObject({ late: false });
  });
});

describe('a lane', () => {
  it('is of one destination: one that is stuck holds up no other', async () => {
    const { deliveries } = await bench.post({ conversation: 'two', to: ['orders', 'audit'], ...forever });
    const next = await bench.post({ conversation: 'two', to: ['orders', 'audit'], ...forever });
    await park(deliveries[0] ?? '');
    await deliver(deliveries[1] ?? '');
    expect(await mayGo(next.deliveries[0] ?? '')).toBe(false);
    await deliver(next.deliveries[1] ?? '');
  });

  it('is of one conversation: no conversation waits for another', async () => {
    const [first] = await lane('stuck', 1, forever);
    await park(first);
    const [other] = await lane('free', 1);
    await deliver(other);
    const { deliveries } = await bench.post();
    await deliver(deliveries[0] ?? '');
  });

  it('lets one of two claims through, whichever comes first', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [first, second] = await lane(`two-claims-${round}`, 2);
      await park(first);
      const third = (await bench.post({ conversation: `two-claims-${round}` })).deliveries[0] ?? '';
      // The head is retried while the next one is claimed: both may go by what each of them sees.
      const [, one, two] = await Promise.all([
        requestRetry(bench.sql, 'default', { delivery: first }),
        bench.claim(second),
        bench.claim(third),
      ]);
      const head = await bench.claim(first);
      expect([one, two, head].filter((claim) => claim !== undefined)).toHaveLength(1);
    }
  });

  it('has its next one named exactly once when its head settles', async () => {
    const [first, second, third] = await lane('named', 3);
    const token = await claimed(first);
    expect(named(await bench.deliver(first, token))).toEqual([second]);
    expect(named(await bench.deliver(first, token))).toEqual([]);
    expect(await mayGo(third)).toBe(false);
  });

  it('has its next one named by a success that was heard of late', async () => {
    const [first, second] = await lane('late-named', 2);
    const token = await claimed(first);
    await bench.fail(first, token, { ambiguous: true, delayMs: 60_000 });
    expect(await mayGo(second)).toBe(false);
    expect(named(await bench.deliver(first, token))).toEqual([second]);
    expect(await bench.delivery(first)).toMatchObject({ state: 'delivered', doubt_since: null });
  });

  it('has nobody named while its head is tried again', async () => {
    const [first] = await lane('retrying', 2);
    expect(named(await bench.fail(first, await claimed(first), { delayMs: 60_000 }))).toEqual([]);
  });

  it('looks once more after recording a wait, so that a settle in between is not missed', async () => {
    const [first, second] = await lane('look-again', 2);
    expect(await waitForTurn(bench.sql, second)).toBe(true);
    const settled = await deliver(first);
    // The settle came before the wait was recorded: it named somebody who was not waiting yet.
    expect(named(settled)).toEqual([second]);
    expect(await waitForTurn(bench.sql, second)).toBe(false);
  });
});
