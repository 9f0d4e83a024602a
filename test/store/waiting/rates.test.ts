import { slotHorizonMs } from '../../../src/domain/gate.ts';
import { letThrough } from '../../../src/store/waiting/let-through.ts';
import { readLedger } from '../../../src/store/ledger/ledger.ts';
import { takeSlots } from '../../../src/store/waiting/rates.ts';
import { waitAtGate } from '../../../src/store/waiting/wait.ts';
import { createGateBench, type GateBench } from '../../support/gate-bench.ts';

let bench: GateBench;
beforeAll(async () => void (bench = await createGateBench()));
afterAll(() => bench.close());

const gateOf = (destination: string) => `destination:${destination}` as const;
const perSecond = (limit: number, burst = 1) => ({ limit, perMs: 1_000, burst });
const take = (destination: string, rate: { limit: number; perMs: number; burst: number }, horizonMs = 60_000) =>
  takeSlots(bench.sql, 'default', [{ gate: gateOf(destination), rate }], horizonMs, false);
const drain = async (destination: string, most = 20, horizonMs = 1_000) =>
  (await letThrough(bench.sql, await bench.busy(destination), most, horizonMs)).map(({ delivery }) => delivery);
const wait = (destination: string, id: string, why: 'rate' | 'breaker' | 'paused' | 'retry_after' = 'rate') =>
  waitAtGate(bench.sql, id, gateOf(destination), why);
const ledger = async (id: string) => {
  const [entry] = await readLedger(bench.sql, bench.ring, [id]);
  if (entry === undefined) throw new Error('no such delivery');
  return entry;
};

describe('slots of a rate', () => {
  it('fifty sends at once get evenly spaced slots, and no window holds more than the limit', async () => {
    const rate = perSecond(2);
    const taken = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const [row] = await bench.sql<{ at: number }[]>`
          select (extract(epoch from clock_timestamp()) * 1000 + wait_ms)::float8 as at
          from take_slots('default', ${bench.sql.json([{ scope: gateOf('spaced'), intervalMs: 500, burst: 1 }])}, 60000, false)`;
        return row?.at ?? Number.NaN;
      }),
    );
    const slots = taken.sort((a, b) => a - b);
    const jitterMs = 100; // between taking a slot and reading the clock
    for (let n = 1; n < slots.length; n += 1)
      expect(Math.abs((slots[n] ?? 0) - (slots[n - 1] ?? 0) - 500)).toBeLessThan(jitterMs);
    for (const from of slots) {
      const within = slots.filter((slot) => slot >= from && slot < from + rate.perMs - jitterMs);
      expect(within.length).toBeLessThanOrEqual(rate.limit);
    }
  });

  it('after a quiet time as many sends go at once as the burst allows, and no more', async () => {
    const rate = perSecond(1, 5);
    const waits: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      const slots = await take('burst', rate);
      waits.push('waitMs' in slots ? Math.round(slots.waitMs / 1_000) : Number.NaN);
    }
    expect(waits).toEqual([0, 0, 0, 0, 0, 1, 2]);
  });

  it('a send takes no slot that is further away than the horizon', async () => {
    const rate = perSecond(0.1);
    expect(await take('far', rate, slotHorizonMs)).toMatchObject({ waitMs: 0 });
    const before = (await bench.gate('far'))['tat'];
    expect(await take('far', rate, slotHorizonMs)).toEqual({ fullAt: gateOf('far') });
    expect((await bench.gate('far'))['tat']).toEqual(before);
  });

  it('a send takes a slot at all its gates or at none', async () => {
    await take('full', perSecond(0.1));
    const both = [
      { gate: gateOf('spare'), rate: perSecond(10) },
      { gate: gateOf('full'), rate: perSecond(0.1) },
    ];
    expect(await takeSlots(bench.sql, 'default', both, slotHorizonMs, false)).toEqual({ fullAt: gateOf('full') });
    expect((await bench.gate('spare'))['tat']).toBeNull();
    const slots = await takeSlots(bench.sql, 'default', both, 60_000, false);
    expect(slots).toMatchObject({ waitMs: expect.any(Number) });
    const [spare, full] = [await bench.gate('spare'), await bench.gate('full')];
    // The gate that was free gives a slot at the same time as the gate that was not.
    expect((spare['tat'] as Date).getTime()).toBeGreaterThan(Date.now() + 8_000);
    expect((full['tat'] as Date).getTime()).toBeGreaterThan(Date.now() + 18_000);
  });

  it('slots of one tenant are not used up by another tenant', async () => {
    await take('tenants', perSecond(0.1));
    const other = [{ gate: gateOf('tenants'), rate: perSecond(0.1) }];
    expect(await takeSlots(bench.sql, 'other', other, slotHorizonMs, false)).toEqual({ waitMs: 0 });
  });
});

describe('deliveries that wait for a rate', () => {
  it('a delivery that waits for its rate is not overtaken by later ones', async () => {
    const [first] = await bench.queue('queue', 1);
    await wait('queue', first ?? '');
    expect(await take('queue', perSecond(100))).toEqual({ fullAt: gateOf('queue') });
    expect(await drain('queue')).toEqual([first]);
    expect(await take('queue', perSecond(100))).toMatchObject({ waitMs: expect.any(Number) });
  });

  it('waiting deliveries are called at the rate, the most urgent first, then those that waited longest', async () => {
    await bench.limit('drained', perSecond(10));
    const normal = await bench.queue('drained', 8);
    const critical = await bench.queue('drained', 8, { priority: 'critical' });
    await Promise.all([...normal, ...critical].map((id) => wait('drained', id)));
    const called = await drain('drained');
    expect(called).toEqual([...critical, ...normal].slice(0, called.length));
    // A drain looks one second ahead, less the time that a send takes on its way: about 10 slots at 10/s.
    expect(called.length).toBeGreaterThanOrEqual(8);
    expect(called.length).toBeLessThanOrEqual(11);
    const slots = await bench.sql<{ at: number }[]>`
      select (extract(epoch from slot_at) * 1000)::float8 as at from deliveries where id = any(${called}) order by slot_at`;
    for (let n = 1; n < slots.length; n += 1) expect((slots[n]?.at ?? 0) - (slots[n - 1]?.at ?? 0)).toBeCloseTo(100, 0);
    expect(await bench.gate('drained')).toMatchObject({ has_waiters: true });
    // The slots that were given count, so a second drain at once finds fewer within the horizon.
    expect((await drain('drained')).length).toBeLessThan(called.length);
  });

  it('waiting deliveries are called at the rate also where no slot was taken before', async () => {
    await bench.limit('untouched', perSecond(2));
    const deliveries = await bench.queue('untouched', 10);
    await Promise.all(deliveries.map((id) => wait('untouched', id, 'paused')));
    expect((await drain('untouched')).length).toBeLessThanOrEqual(3);
  });

  it('waiting deliveries are called at the rate that is configured now', async () => {
    await bench.limit('changed', perSecond(0.01));
    await take('changed', perSecond(0.01));
    const deliveries = await bench.queue('changed', 10);
    await Promise.all(deliveries.map((id) => wait('changed', id)));
    await bench.sql`update destinations set rate = null where id = 'changed'`;
    expect(await drain('changed')).toHaveLength(10);
  });

  it('each called delivery has a slot of its own', async () => {
    await bench.limit('given', perSecond(2));
    const deliveries = await bench.queue('given', 2);
    for (const id of deliveries) await wait('given', id);
    await drain('given');
    const [first, second] = await Promise.all(deliveries.map(ledger));
    expect(first?.slot).toMatchObject({ gate: gateOf('given') });
    expect((second?.slot?.ms ?? 0) - (first?.slot?.ms ?? 0)).toBeGreaterThan(400);
  });

  it('without a rate at most 20 waiting deliveries are called at once, each with a slot', async () => {
    const deliveries = await bench.queue('unlimited', 30);
    await Promise.all(deliveries.map((id) => wait('unlimited', id, 'breaker')));
    expect(await drain('unlimited')).toEqual(deliveries.slice(0, 20));
    expect(await bench.gate('unlimited')).toMatchObject({ has_waiters: true });
    expect(await drain('unlimited')).toEqual(deliveries.slice(20));
    expect(await bench.gate('unlimited')).toMatchObject({ has_waiters: false });
    expect((await ledger(deliveries[0] ?? '')).slot).toBeDefined();
  });

  it('a delivery that begins to wait just before its gate is locked is not forgotten', async () => {
    const [first, second] = await bench.queue('between', 2);
    await wait('between', first ?? '');
    const seen = await bench.busy('between');
    await wait('between', second ?? '');
    // This drain has read the gate before the second delivery came. It must leave the queue open for it.
    const called = (await letThrough(bench.sql, seen, 1, 1_000)).map(({ delivery }) => delivery);
    expect(called).toEqual([first]);
    expect(await bench.gate('between')).toMatchObject({ has_waiters: true });
    expect(await drain('between')).toEqual([second]);
  });

  it('no delivery is forgotten while sixty begin to wait and the queue is emptied again and again', async () => {
    const deliveries = await bench.queue('storm', 60);
    const called = new Set<string>();
    let isOver = false;
    const drains = (async () => {
      while (!isOver || called.size < deliveries.length) {
        const gate = await bench.busy('storm').catch(() => undefined);
        if (gate === undefined && isOver) return;
        if (gate !== undefined)
          for (const { delivery } of await letThrough(bench.sql, gate, 5, 1_000)) {
            called.add(delivery);
            // The delivery was sent, and its place is free again.
            await bench.sql`update deliveries set slot_at = null where id = ${delivery}`;
          }
      }
    })();
    await Promise.all(deliveries.map((id) => wait('storm', id)));
    isOver = true;
    await drains;
    expect(called.size).toBe(deliveries.length);
  });

  it('a waiting delivery whose row is locked is not forgotten', async () => {
    const [locked, free] = await bench.queue('locked', 2);
    await wait('locked', locked ?? '');
    await wait('locked', free ?? '');
    const gate = await bench.busy('locked');
    await bench.sql.begin(async (tx) => {
      await tx`select from deliveries where id = ${locked ?? ''} for update`;
      expect((await letThrough(bench.sql, gate, 20, 1_000)).map(({ delivery }) => delivery)).toEqual([free]);
    });
    expect(await bench.gate('locked')).toMatchObject({ has_waiters: true });
    expect(await drain('locked')).toEqual([locked]);
  });

  it('each waiting delivery is called once where several drains run at the same time', async () => {
    const deliveries = await bench.queue('two-drains', 15);
    await Promise.all(deliveries.map((id) => wait('two-drains', id)));
    const gate = await bench.busy('two-drains');
    const looks = await Promise.all(Array.from({ length: 4 }, () => letThrough(bench.sql, gate, 20, 1_000)));
    const called = looks.flat().map(({ delivery }) => delivery);
    expect(called.sort()).toEqual([...deliveries].sort());
  });
});
