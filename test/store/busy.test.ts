import { sendsAtOnce, shutGate } from '../../src/domain/gate.ts';
import { leaseMessages, markDispatched, standInLine } from '../../src/store/dispatch.ts';
import { findBusyGates, letThrough } from '../../src/store/drain.ts';
import { readLedger } from '../../src/store/ledger.ts';
import { waitAtGate } from '../../src/store/waits.ts';
import { createLedgerBench, type LedgerBench } from '../support/ledger-bench.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

const shutFor = async (delivery: string) =>
  shutGate((await readLedger(bench.sql, bench.ring, [delivery]))[0]?.view.gates ?? []);

describe('a destination that takes its time', () => {
  it('gets so many at once and no more; others do not notice, and whoever is called comes when one has ended', async () => {
    const tokens = new Map<string, string>();
    for (let count = 0; count < sendsAtOnce; count += 1) {
      const [delivery = ''] = (await bench.post()).deliveries;
      tokens.set(delivery, (await bench.claim(delivery))?.token ?? '');
    }
    const [next = ''] = (await bench.post()).deliveries;
    const [other = ''] = (await bench.post({ to: ['audit'] })).deliveries;
    expect(await shutFor(next)).toMatchObject({ scope: 'destination:orders', why: 'busy' });
    expect(await shutFor(other)).toBeUndefined();

    expect(await waitAtGate(bench.sql, next, 'destination:orders', 'busy')).toBe(true);
    const call = async () => {
      const [gate] = await findBusyGates(bench.sql, 0);
      if (gate === undefined) throw new Error('nobody waits');
      return (await letThrough(bench.sql, gate, 20, 1_000)).map(({ delivery }) => delivery);
    };
    expect(await call()).toEqual([]);
    const [[first, token] = ['', '']] = tokens;
    await bench.deliver(first, token);
    expect(await call()).toEqual([next]);
    expect(await shutFor(next)).toBeUndefined();
    // It has not been claimed yet, and takes the place all the same.
    const [later = ''] = (await bench.post()).deliveries;
    expect(await shutFor(later)).toMatchObject({ why: 'busy' });
  });

  it('has no runs started that could not send: these wait, the urgent ones first, and cost Temporal nothing', async () => {
    const send = async () => {
      const { id, deliveries } = await bench.post({ to: ['full'] });
      const [delivery = ''] = deliveries;
      return { id, delivery, token: (await bench.claim(delivery))?.token ?? '' };
    };
    const [busy] = await Promise.all(Array.from({ length: sendsAtOnce }, send));
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    const low = await bench.post({ to: ['full'], priority: 'low' });
    const critical = await bench.post({ to: ['full'], priority: 'critical' });
    const both = await bench.post({ to: ['full', 'audit'] });
    const start = async () => {
      const { leased, setAside } = await leaseMessages(bench.sql, 32, 100);
      await standInLine(bench.sql, setAside);
      const started = leased.map(({ message }) => message);
      await markDispatched(bench.sql, started);
      return started;
    };
    const call = async () => {
      const gate = (await findBusyGates(bench.sql, 0)).find(({ scope }) => scope === 'destination:full');
      return gate === undefined ? [] : (await letThrough(bench.sql, gate, 20, 1_000)).map(({ message }) => message);
    };
    expect(await start()).toEqual([both.id]);
    expect(await bench.delivery(low.deliveries[0] ?? '')).toMatchObject({
      gate: 'destination:full',
      reason: { code: 'busy' },
    });
    expect(await call()).toEqual([]);
    expect(await start()).toEqual([]);
    await bench.deliver(busy?.delivery ?? '', busy?.token ?? '');
    expect(await call()).toEqual([critical.id]);
    expect(await start()).toEqual([critical.id]);
  });
});
