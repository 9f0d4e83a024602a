import { keepRates } from '../../../src/deliver/keep-rates.ts';
import { slotLeadMs, slotLifeMs } from '../../../src/domain/gate.ts';
import { chooseProbe, letThrough } from '../../../src/store/waiting/let-through.ts';
import { readLedger } from '../../../src/store/ledger/ledger.ts';
import { waitAtGate } from '../../../src/store/waiting/wait.ts';
import { createGateBench, type GateBench } from '../../support/gate-bench.ts';

let bench: GateBench;
beforeAll(async () => void (bench = await createGateBench()));
afterAll(() => bench.close());

const scopeOf = (destination: string) => `destination:${destination}` as const;
const perSecond = (limit: number) => ({ limit, perMs: 1_000, burst: 1 });
const wait = (destination: string, id: string, why: 'rate' | 'breaker' = 'rate') =>
  waitAtGate(bench.sql, id, scopeOf(destination), why);
const ledger = async (id: string) => {
  const [entry] = await readLedger(bench.sql, bench.ring, [id]);
  if (entry === undefined) throw new Error('no such delivery');
  return entry;
};

describe('a delivery that waited at a gate', () => {
  const deps = () => ({ sql: bench.sql });
  const waitOf = async (entry: Awaited<ReturnType<typeof ledger>>) => {
    const slot = await keepRates(deps(), entry);
    if (typeof slot === 'string') throw new Error(slot);
    return slot.waitMs;
  };

  it('a called delivery that is late takes the next slot, and one that is very late waits again', async () => {
    await bench.limit('old', perSecond(1));
    const [first, second, third] = await bench.queue('old', 3);
    for (const id of [first, second, third]) await wait('old', id ?? '');
    await letThrough(bench.sql, await bench.busy('old'), 1, 1_000);
    const called = await ledger(first ?? '');
    const { tat } = await bench.gate('old');
    expect(await waitOf(called)).toBeLessThan(1_000);
    expect((await bench.gate('old'))['tat']).toEqual(tat);
    await bench.sql`update deliveries set slot_at = slot_at - interval '2 s' where id = ${first ?? ''}`;
    // The delivery comes too late for this slot, and takes the next one ahead of the deliveries that wait.
    expect(await waitOf(await ledger(first ?? ''))).toBeGreaterThan(500);
    expect((await bench.gate('old'))['tat']).not.toEqual(tat);
    await bench.sql`update deliveries set slot_at = slot_at - interval '1 minute' where id = ${first ?? ''}`;
    expect(await keepRates(deps(), await ledger(first ?? ''))).toBe('full');
    expect(await bench.delivery(first ?? '')).toMatchObject({ state: 'waiting', gate: scopeOf('old'), slot_at: null });
  });

  it('a slot ends a quarter of a second after its moment, whether it was given or taken', async () => {
    let now = 0;
    const had = async (entry: Awaited<ReturnType<typeof ledger>>) => {
      const slot = await keepRates(deps(), entry, () => now);
      if (typeof slot === 'string') throw new Error(slot);
      return slot;
    };
    await bench.limit('held-up', perSecond(10));
    const [given, taken] = await bench.queue('held-up', 2);
    await wait('held-up', given ?? '');
    await letThrough(bench.sql, await bench.busy('held-up'), 1, 1_000);
    for (const id of [given, taken]) {
      const slot = await had(await ledger(id ?? ''));
      now += slot.waitMs + slotLifeMs(100) - 1;
      expect(slot.isOver()).toBe(false);
      now += 2;
      expect(slot.isOver()).toBe(true);
    }
    // Under a rate with distant slots, a slot lasts until the next one. Without a rate it never ends.
    expect(slotLifeMs(60_000)).toBe(60_000);
    const [free] = await bench.queue('unhurried', 1);
    const slot = await had(await ledger(free ?? ''));
    now += 3_600_000;
    expect(slot.isOver()).toBe(false);
  });

  it('a delivery that was cancelled meanwhile does not wait for a slot', async () => {
    await bench.limit('moved', perSecond(0.01));
    const [first, second] = await bench.queue('moved', 2);
    expect(await waitOf(await ledger(first ?? ''))).toBe(0);
    const entry = await ledger(second ?? '');
    await bench.sql`update deliveries set state = 'cancelled' where id = ${second ?? ''}`;
    expect(await keepRates(deps(), entry)).toBe('moved');
  });

  it("a delivery that its destination's gate has called does not queue at its connection's gate as well", async () => {
    await bench.limit('both', perSecond(50));
    await bench.sql`update connections set rate = ${bench.sql.json(perSecond(50))} where id = 'hooks'`;
    try {
      const deliveries = await bench.queue('both', 4);
      await wait('both', deliveries[0] ?? '');
      await wait('both', deliveries[1] ?? '');
      for (const id of deliveries.slice(2)) await waitAtGate(bench.sql, id, 'connection:hooks', 'rate');
      // Other deliveries still wait at both gates.
      await letThrough(bench.sql, await bench.busy('both'), 1, slotLeadMs);
      expect(await bench.gate('both')).toMatchObject({ has_waiters: true });
      expect(await waitOf(await ledger(deliveries[0] ?? ''))).toBeLessThan(1_000);
    } finally {
      await bench.sql`update connections set rate = null where id = 'hooks'`;
    }
  });

  it('a probe has a slot already and does not wait for its rate again', async () => {
    await bench.limit('rated-probe', perSecond(10));
    for (const id of await bench.breakOpen('rated-probe')) await wait('rated-probe', id, 'breaker');
    await bench.makeProbeDue('rated-probe');
    const [probe] = await chooseProbe(bench.sql, await bench.busy('rated-probe'), 1_000);
    expect(await waitOf(await ledger(probe?.delivery ?? ''))).toBeLessThan(slotLeadMs + 100);
  });

  it('no probe is chosen while the rate lets no delivery go', async () => {
    await bench.limit('slow-probe', perSecond(0.01));
    for (const id of await bench.breakOpen('slow-probe')) await wait('slow-probe', id, 'breaker');
    await bench.makeProbeDue('slow-probe');
    await bench.sql`update gates set tat = clock_timestamp() + interval '1 minute' where scope = 'destination:slow-probe'`;
    expect(await chooseProbe(bench.sql, await bench.busy('slow-probe'), 1_000)).toEqual([]);
    expect(await bench.health('slow-probe')).toMatchObject({ breaker: 'open' });
  });
});
