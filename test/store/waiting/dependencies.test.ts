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

describe('a delivery that depends on another', () => {
  async function reply(parent: { id: string }, options: Parameters<GateBench['post']>[0] = {}) {
    return (await bench.post({ thread: parent.id, ...options })).deliveries[0] ?? '';
  }

  it('waits for it, whatever the lane, and is named when it settles', async () => {
    const parent = await bench.post();
    const child = await reply(parent, { conversation: 'elsewhere' });
    expect(await mayGo(child)).toBe(false);
    expect(await bench.claim(child)).toBeUndefined();
    expect(named(await deliver(parent.deliveries[0] ?? ''))).toEqual([child]);
    await deliver(child);
  });

  it('waits no longer when it parks', async () => {
    const parent = await bench.post();
    const child = await reply(parent);
    expect(named(await park(parent.deliveries[0] ?? ''))).toEqual([child]);
    expect(await mayGo(child)).toBe(true);
  });

  it('waits no longer than its time', async () => {
    const parent = await bench.post();
    const child = await reply(parent);
    expect(await waitForTurn(bench.sql, child)).toBe(true);
    await bench.sql`update deliveries set depends_until = clock_timestamp() where id = ${child}`;
    expect(await mayGo(child)).toBe(true);
    await deliver(child);
  });

  it('in the same lane is named once', async () => {
    const parent = await bench.post({ conversation: 'thread' });
    const child = await reply(parent, { conversation: 'thread' });
    expect(named(await deliver(parent.deliveries[0] ?? ''))).toEqual([child]);
  });
});

describe('a scheduled message', () => {
  const inAnHour = () => new Date(Date.now() + 3_600_000);

  it('is not called by one of its conversation that settles before its time', async () => {
    const scheduled = await bench.post({ conversation: 'later', sendAt: inAnHour() });
    const [now = ''] = await lane('later', 1);
    expect(named(await deliver(now))).toEqual([]);
    expect(await findNextInLanes(bench.sql, [now])).toEqual([]);
    await returnToDispatcher(bench.sql, [scheduled.id]);
    expect(await bench.message(scheduled.id)).toMatchObject({ set_aside: true });
  });

  it('is not called by what it replies to before its time', async () => {
    const parent = await bench.post();
    await bench.post({ thread: parent.id, sendAt: inAnHour() });
    expect(named(await deliver(parent.deliveries[0] ?? ''))).toEqual([]);
  });

  it('holds up nobody of its conversation before its time', async () => {
    await bench.post({ conversation: 'later-free', sendAt: inAnHour() });
    const [now = ''] = await lane('later-free', 1);
    await deliver(now);
  });
});
