import { letThrough } from '../../../src/store/waiting/let-through.ts';
import { pauseGate, resumeGate } from '../../../src/store/waiting/pause.ts';
import { waitForTurn } from '../../../src/store/waiting/lane.ts';
import { readLedger } from '../../../src/store/ledger/ledger.ts';
import { waitAtGate } from '../../../src/store/waiting/wait.ts';
import { eventually } from '../../support/eventually.ts';
import { createGateBench, type GateBench } from '../../support/gate-bench.ts';

let bench: GateBench;
beforeAll(async () => void (bench = await createGateBench()));
afterAll(() => bench.close());

const wait = (destination: string, id: string, why: 'rate' | 'breaker' | 'paused' | 'retry_after') =>
  waitAtGate(bench.sql, id, `destination:${destination}`, why);
const ledger = async (id: string) => {
  const [entry] = await readLedger(bench.sql, bench.ring, [id]);
  if (entry === undefined) throw new Error('no such delivery');
  return entry;
};

describe('the deadline of a delivery', () => {
  /** Queues a delivery that has failed once, so that its deadline runs. */
  async function running(destination: string, conversation?: string) {
    const [id] = await bench.queue(destination, 1, conversation === undefined ? {} : { conversation });
    await bench.fail(id ?? '', await bench.token(id ?? '', 60_000));
    return id ?? '';
  }
  /** Makes a delivery's wait 10 s longer. */
  const age = (id: string) => bench.sql`
    update deliveries set deadline_at = deadline_at - interval '10 s', clock_stopped_at = clock_stopped_at - interval '10 s' where id = ${id}`;
  const left = async (id: string) => Math.round(((await ledger(id)).view.deadlineMs ?? 0) / 1_000);

  it.each(['rate', 'paused', 'retry_after'] as const)(
    'the deadline stands still while a delivery waits for %s',
    async (why) => {
      const id = await running(`still-${why}`);
      await wait(`still-${why}`, id, why);
      await age(id);
      expect(await left(id)).toBe(60);
      const token = await bench.token(id);
      expect(await left(id)).toBe(60);
      await bench.fail(id, token);
    },
  );

  it('the deadline stands still while a delivery waits for its turn', async () => {
    const first = await running('still-turn', 'still');
    await bench.sql`update deliveries set state = 'parked' where id = ${first}`;
    const second = await running('still-turn', 'still');
    await bench.sql`update deliveries set state = 'queued' where id = ${first}`;
    expect(await waitForTurn(bench.sql, second)).toBe(true);
    await age(second);
    expect(await left(second)).toBe(60);
  });

  it('the deadline runs behind an open breaker, extended by an earlier wait at a pause', async () => {
    const id = await running('runs');
    await wait('runs', id, 'paused');
    await age(id);
    await wait('runs', id, 'breaker');
    await age(id);
    expect(await left(id)).toBe(50);
    expect(await bench.delivery(id)).toMatchObject({ clock_stopped_at: null });
  });

  it('the sweep looks at a delivery behind an open breaker when its deadline ends', async () => {
    const id = await running('over');
    await wait('over', id, 'breaker');
    const { due_at, deadline_at } = await bench.delivery(id);
    expect(due_at).toEqual(deadline_at);
    await wait('over', id, 'paused');
    expect(((await bench.delivery(id))['due_at'] as Date).getTime()).toBeGreaterThan(Date.now() + 500_000);
  });
});

it('a resumed destination gets the waiting deliveries at its rate', async () => {
  await bench.limit('resumed', { limit: 5, perMs: 1_000, burst: 1 });
  const deliveries = await bench.queue('resumed', 12);
  await pauseGate(bench.sql, 'default', 'destination:resumed', { code: 'paused_by_request', message: '' });
  await Promise.all(deliveries.map((id) => wait('resumed', id, 'paused')));
  await expect(bench.busy('resumed')).rejects.toThrow('paused'); // the drain does not look at a paused gate
  const { arrivals } = await bench.gate('resumed');
  const paused = {
    tenant: 'default',
    scope: 'destination:resumed',
    breaker: 'closed' as const,
    isPassable: true, // as a drain has read it before the pause
    isProbeDue: false,
    arrivals: Number(arrivals),
  };
  expect(await letThrough(bench.sql, paused, 20, 1_000)).toEqual([]);
  await resumeGate(bench.sql, 'default', 'destination:resumed', false);
  const called: string[] = [];
  await eventually('all are called', async () => {
    const gate = await bench.busy('resumed').catch(() => undefined);
    if (gate !== undefined)
      called.push(...(await letThrough(bench.sql, gate, 20, 1_000)).map(({ delivery }) => delivery));
    return called.length === deliveries.length;
  });
  expect(called).toEqual(deliveries);
  const slots = await bench.sql<
    { at: Date }[]
  >`select slot_at as at from deliveries where id = any(${called}) order by slot_at`;
  const spread = (slots.at(-1)?.at.getTime() ?? 0) - (slots[0]?.at.getTime() ?? 0);
  expect(spread).toBeGreaterThanOrEqual(2_100);
});
