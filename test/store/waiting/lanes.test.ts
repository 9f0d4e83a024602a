import { findNextInLanes, waitForTurn } from '../../../src/store/waiting/lane.ts';
import { expireOverdue } from '../../../src/store/runs/overdue.ts';
import { end } from '../../../src/store/ledger/end.ts';
import { requestRetry } from '../../../src/store/runs/commands.ts';
import { createGateBench, type GateBench } from '../../support/gate-bench.ts';
import { forever, hold, laneBench, named } from '../../support/lane-bench.ts';

let bench: GateBench;
beforeAll(async () => void (bench = await createGateBench()));
afterAll(() => bench.close());

const { lane, claimed, park, deliver, mayGo, endTheHold } = laneBench(() => bench);
const reason = { code: 'http_500', message: 'for the test' } as const;

describe('a head that ends before it was sent', () => {
  it.each(['skipped', 'expired', 'cancelled'] as const)('as %s calls the next one', async (state) => {
    const [first, second] = await lane(`end-${state}`, 2, hold);
    expect(named(await end(bench.sql, { delivery: first, state, reason }))).toEqual([second]);
    expect(await mayGo(second)).toBe(true);
  });

  it('by its time calls the next one', async () => {
    const [first, second] = await lane('end-time', 2, hold);
    await bench.sql`update deliveries set expires_at = clock_timestamp() where id = ${first}`;
    expect(await expireOverdue(bench.sql, [first])).toEqual([first]);
    expect(named({ next: await findNextInLanes(bench.sql, [first]) })).toEqual([second]);
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
