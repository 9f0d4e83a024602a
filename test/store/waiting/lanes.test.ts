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

describe('a head of a lane that ends without being sent', () => {
  it.each(['skipped', 'expired', 'cancelled'] as const)(
    'a head that is %s lets the next delivery of its lane go',
    async (state) => {
      const [first, second] = await lane(`end-${state}`, 2, hold);
      expect(named(await end(bench.sql, { delivery: first, state, reason }))).toEqual([second]);
      expect(await mayGo(second)).toBe(true);
    },
  );

  it('a head that expires lets the next delivery of its lane go', async () => {
    const [first, second] = await lane('end-time', 2, hold);
    await bench.sql`update deliveries set expires_at = clock_timestamp() where id = ${first}`;
    expect(await expireOverdue(bench.sql, [first])).toEqual([first]);
    expect(named({ next: await findNextInLanes(bench.sql, [first]) })).toEqual([second]);
  });
});

describe('deliveries that pass a parked head', () => {
  it('deliveries that pass a parked head keep their order', async () => {
    const [first, second, third] = await lane('order', 3);
    await park(first);
    expect(await bench.claim(third)).toBeUndefined();
    expect(named(await deliver(second))).toEqual([third]);
    await deliver(third);
  });

  it('a parked head that is delivered after a later delivery is late, and the later one is not', async () => {
    const [first, second] = await lane('late', 2, hold);
    await park(first);
    await endTheHold(first);
    await deliver(second);
    await requestRetry(bench.sql, 'default', { delivery: first });
    await deliver(first);
    expect(await bench.delivery(first)).toMatchObject({ state: 'delivered', late: true });
    expect(await bench.delivery(second)).toMatchObject({ late: false });
  });

  it('a parked head that no later delivery passed is not late when it is delivered', async () => {
    const [first, second] = await lane('not-late', 2, hold);
    await park(first);
    await requestRetry(bench.sql, 'default', { delivery: first });
    await deliver(first);
    await deliver(second);
    expect(await bench.delivery(first)).toMatchObject({ late: false });
  });
});

describe('a lane', () => {
  it('a parked delivery holds up its conversation at its own destination only', async () => {
    const { deliveries } = await bench.post({ conversation: 'two', to: ['orders', 'audit'], ...forever });
    const next = await bench.post({ conversation: 'two', to: ['orders', 'audit'], ...forever });
    await park(deliveries[0] ?? '');
    await deliver(deliveries[1] ?? '');
    expect(await mayGo(next.deliveries[0] ?? '')).toBe(false);
    await deliver(next.deliveries[1] ?? '');
  });

  it('a parked delivery holds up no other conversation', async () => {
    const [first] = await lane('stuck', 1, forever);
    await park(first);
    const [other] = await lane('free', 1);
    await deliver(other);
    const { deliveries } = await bench.post();
    await deliver(deliveries[0] ?? '');
  });

  it('only one delivery of a conversation is sent when a retry and claims come at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [first, second] = await lane(`two-claims-${round}`, 2);
      await park(first);
      const third = (await bench.post({ conversation: `two-claims-${round}` })).deliveries[0] ?? '';
      // The head is retried while the others are claimed. Each statement sees a state in which its delivery may go.
      const [, one, two] = await Promise.all([
        requestRetry(bench.sql, 'default', { delivery: first }),
        bench.claim(second),
        bench.claim(third),
      ]);
      const head = await bench.claim(first);
      expect([one, two, head].filter((claim) => claim !== undefined)).toHaveLength(1);
    }
  });

  it('a settle of the head wakes the next delivery of the lane, and a second settle wakes none', async () => {
    const [first, second, third] = await lane('named', 3);
    const token = await claimed(first);
    expect(named(await bench.deliver(first, token))).toEqual([second]);
    expect(named(await bench.deliver(first, token))).toEqual([]);
    expect(await mayGo(third)).toBe(false);
  });

  it('a late success of the head wakes the next delivery of the lane', async () => {
    const [first, second] = await lane('late-named', 2);
    const token = await claimed(first);
    await bench.fail(first, token, { ambiguous: true, delayMs: 60_000 });
    expect(await mayGo(second)).toBe(false);
    expect(named(await bench.deliver(first, token))).toEqual([second]);
    expect(await bench.delivery(first)).toMatchObject({ state: 'delivered', doubt_since: null });
  });

  it('a failed head that is tried again lets no other delivery go', async () => {
    const [first] = await lane('retrying', 2);
    expect(named(await bench.fail(first, await claimed(first), { delayMs: 60_000 }))).toEqual([]);
  });

  it('a delivery that records its wait looks again, so that a settle just before is not missed', async () => {
    const [first, second] = await lane('look-again', 2);
    expect(await waitForTurn(bench.sql, second)).toBe(true);
    const settled = await deliver(first);
    // The settle came before the wait was recorded, and named a delivery that was not waiting yet.
    expect(named(settled)).toEqual([second]);
    expect(await waitForTurn(bench.sql, second)).toBe(false);
  });
});
