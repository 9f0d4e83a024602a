import { returnToDispatcher, findNextInLanes, waitForTurn } from '../../../src/store/waiting/lane.ts';
import { readLedger } from '../../../src/store/ledger/ledger.ts';
import { createGateBench, type GateBench } from '../../support/gate-bench.ts';

let bench: GateBench;
beforeAll(async () => void (bench = await createGateBench()));
afterAll(() => bench.close());

const lane = (conversation: string, count: number) => bench.queue('orders', count, { conversation });
const deliver = async (id: string) => bench.deliver(id, await bench.token(id));
const park = async (id: string) => bench.fail(id, await bench.token(id), { park: true });
const mayGo = async (id: string) => {
  const [entry] = await readLedger(bench.sql, bench.ring, [id]);
  return entry?.view.isBehind === false;
};
const named = ({ next }: { next: readonly { delivery: string }[] }) => next.map(({ delivery }) => delivery);

describe('a delivery that depends on another one', () => {
  async function reply(parent: { id: string }, options: Parameters<GateBench['post']>[0] = {}) {
    return (await bench.post({ thread: parent.id, ...options })).deliveries[0] ?? '';
  }

  it('a reply in another conversation waits for its parent, and goes when the parent is delivered', async () => {
    const parent = await bench.post();
    const child = await reply(parent, { conversation: 'elsewhere' });
    expect(await mayGo(child)).toBe(false);
    expect(await bench.claim(child)).toBeUndefined();
    expect(named(await deliver(parent.deliveries[0] ?? ''))).toEqual([child]);
    await deliver(child);
  });

  it('a reply goes when its parent parks', async () => {
    const parent = await bench.post();
    const child = await reply(parent);
    expect(named(await park(parent.deliveries[0] ?? ''))).toEqual([child]);
    expect(await mayGo(child)).toBe(true);
  });

  it('a reply goes when its time to wait is over', async () => {
    const parent = await bench.post();
    const child = await reply(parent);
    expect(await waitForTurn(bench.sql, child)).toBe(true);
    await bench.sql`update deliveries set depends_until = clock_timestamp() where id = ${child}`;
    expect(await mayGo(child)).toBe(true);
    await deliver(child);
  });

  it('a reply in the same conversation as its parent is woken once', async () => {
    const parent = await bench.post({ conversation: 'thread' });
    const child = await reply(parent, { conversation: 'thread' });
    expect(named(await deliver(parent.deliveries[0] ?? ''))).toEqual([child]);
  });
});

describe('a scheduled message', () => {
  const inAnHour = () => new Date(Date.now() + 3_600_000);

  it('a scheduled message does not go when an earlier message of its conversation is delivered', async () => {
    const scheduled = await bench.post({ conversation: 'later', sendAt: inAnHour() });
    const [now = ''] = await lane('later', 1);
    expect(named(await deliver(now))).toEqual([]);
    expect(await findNextInLanes(bench.sql, [now])).toEqual([]);
    await returnToDispatcher(bench.sql, [scheduled.id]);
    expect(await bench.message(scheduled.id)).toMatchObject({ set_aside: true });
  });

  it('a scheduled reply does not go when its parent is delivered before its time', async () => {
    const parent = await bench.post();
    await bench.post({ thread: parent.id, sendAt: inAnHour() });
    expect(named(await deliver(parent.deliveries[0] ?? ''))).toEqual([]);
  });

  it('a scheduled message does not hold up its conversation before its time', async () => {
    await bench.post({ conversation: 'later-free', sendAt: inAnHour() });
    const [now = ''] = await lane('later-free', 1);
    await deliver(now);
  });
});
