import { sendsAtOnce, shutGate } from '../../../src/domain/gate.ts';
import { leaseMessages, markDispatched, queueSetAside } from '../../../src/store/runs/dispatch.ts';
import { findBusyGates, letThrough } from '../../../src/store/waiting/let-through.ts';
import { readLedger } from '../../../src/store/ledger/ledger.ts';
import { waitAtGate } from '../../../src/store/waiting/wait.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

const shutFor = async (delivery: string) =>
  shutGate((await readLedger(bench.sql, bench.ring, [delivery]))[0]?.view.gates ?? []);

const send = async (destination: string) => {
  const [delivery = ''] = (await bench.post({ to: [destination] })).deliveries;
  return { delivery, token: (await bench.claim(delivery))?.token ?? '' };
};
/** Leases messages, queues those that were set aside and marks the others as started, as the dispatcher does. */
const start = async (limit = 32) => {
  const { leased, setAside } = await leaseMessages(bench.sql, limit, 100);
  await queueSetAside(bench.sql, setAside);
  const started = leased.map(({ message }) => message);
  await markDispatched(bench.sql, started);
  return started;
};

describe('a slow destination', () => {
  it('a destination gets a limited number of sends at once, and others get theirs meanwhile', async () => {
    const tokens = new Map<string, string>();
    for (let count = 0; count < sendsAtOnce; count += 1) {
      const [delivery = ''] = (await bench.post()).deliveries;
      tokens.set(delivery, (await bench.claim(delivery))?.token ?? '');
    }
    const [next = ''] = (await bench.post()).deliveries;
    const [other = ''] = (await bench.post({ to: ['audit'] })).deliveries;
    expect(await shutFor(next)).toMatchObject({ gate: 'destination:orders', why: 'busy' });
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
    // The called delivery has not been claimed yet, and takes the place already.
    const [later = ''] = (await bench.post()).deliveries;
    expect(await shutFor(later)).toMatchObject({ why: 'busy' });
  });

  it('messages for a full destination start no run, and the most urgent one goes when a place is free', async () => {
    const [busy] = await Promise.all(Array.from({ length: sendsAtOnce }, () => send('full')));
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    const low = await bench.post({ to: ['full'], priority: 'low' });
    const critical = await bench.post({ to: ['full'], priority: 'critical' });
    const both = await bench.post({ to: ['full', 'audit'] });
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

  it('a destination that is slow gets no more started messages than it has places', async () => {
    await bench.sql`update messages set dispatched_at = clock_timestamp(), state = 'delivering'`;
    const { delivery } = await send('slow');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    for (let count = 0; count < 2 * sendsAtOnce; count += 1) await bench.post({ to: ['slow'] });
    expect(await start(8)).toHaveLength(8);
    // The destination's only send has been under way for a second.
    await bench.sql`update deliveries set claim_deadline = claim_deadline - interval '1 s' where id = ${delivery}`;
    const later = [await start(16), await start(16), await start(16)];
    // Each look counts the messages that were started before it.
    expect(later.map(({ length }) => length)).toEqual([16, 16, 0]);
    const other = await bench.post({ to: ['audit'] });
    expect(await start()).toEqual([other.id]);
  });

  it('the free places of a slow destination are given out little by little, others all at once', async () => {
    const fill = async (): Promise<[string, string][]> => {
      const sending: [string, string][] = [];
      for (let count = 0; count < sendsAtOnce; count += 1) {
        const [delivery = ''] = (await bench.post({ to: ['audit'] })).deliveries;
        sending.push([delivery, (await bench.claim(delivery))?.token ?? '']);
      }
      return sending;
    };
    const wait = async (count: number): Promise<void> => {
      for (let waiting = 0; waiting < count; waiting += 1) {
        const [delivery = ''] = (await bench.post({ to: ['audit'] })).deliveries;
        await waitAtGate(bench.sql, delivery, 'destination:audit', 'busy');
      }
    };
    const call = async (): Promise<number> => {
      const gate = (await findBusyGates(bench.sql, 500)).find(({ scope }) => scope === 'destination:audit');
      if (gate === undefined) throw new Error('nobody waits');
      return (await letThrough(bench.sql, gate, 20, 1_000)).length;
    };
    const quick = await fill();
    await wait(40);
    for (const [delivery, token] of quick) await bench.deliver(delivery, token);
    expect(await call()).toBe(20);
    // The called deliveries are sent, and have been under way for a second.
    const called = await bench.sql<{ id: string }[]>`
      select id from deliveries where destination = 'audit' and slot_at is not null order by id`;
    const slow: [string, string][] = [];
    for (const { id } of called) slow.push([id, (await bench.claim(id))?.token ?? '']);
    await bench.sql`
      update deliveries set claim_deadline = claim_deadline - interval '1 second' where destination = 'audit' and state = 'sending'`;
    expect(await call()).toBe(Math.ceil((sendsAtOnce - slow.length) / 8));
    for (const [delivery, token] of slow) await bench.deliver(delivery, token);
    // No send takes long now, but the destination was slow a moment ago.
    expect(await call()).toBe(Math.ceil((sendsAtOnce - 2) / 8));
  });
});
