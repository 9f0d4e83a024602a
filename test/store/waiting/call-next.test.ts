import { queueAtGates } from '../../../src/store/waiting/wait.ts';
import { letThrough } from '../../../src/store/waiting/let-through.ts';
import { waitForTurn } from '../../../src/store/waiting/lane.ts';
import { createGateBench, type GateBench } from '../../support/gate-bench.ts';

let bench: GateBench;
beforeAll(async () => void (bench = await createGateBench()));
afterAll(() => bench.close());

const perSecond = (limit: number) => ({ limit, perMs: 1_000, burst: 1 });
/**
 * Queues `count` messages of one conversation at a destination whose gate has a queue; all but the head wait for their
 * turn.
 */
async function laneAt(destination: string, count: number, areWaiting = true): Promise<[string, string, ...string[]]> {
  await bench.limit(destination, perSecond(1_000));
  const deliveries = await bench.queue(destination, count, { conversation: destination });
  if (areWaiting) for (const id of deliveries.slice(1)) await waitForTurn(bench.sql, id);
  await bench.sql`
    insert into gates (tenant, scope, has_waiters) values ('default', ${`destination:${destination}`}, true)
    on conflict (tenant, scope) do update set has_waiters = true`;
  return deliveries as [string, string, ...string[]];
}
const queued = async (...ids: string[]) => [...(await queueAtGates(bench.sql, ids))];

describe('a delivery that has its turn', () => {
  it('a delivery that has its turn queues at its gate where others wait, and is called once', async () => {
    const [head, second, third] = await laneAt('queue', 3);
    const { next } = await bench.deliver(head, await bench.token(head));
    expect(next).toMatchObject([{ delivery: second, isGated: true }]);
    expect(await queued(second, third ?? '')).toEqual([second]);
    expect(await bench.delivery(second)).toMatchObject({
      state: 'waiting',
      gate: 'destination:queue',
      reason: { code: 'rate', message: 'destination queue is at its rate limit.' },
    });
    expect(await queued(second)).toEqual([]);
    const called = await letThrough(bench.sql, await bench.busy('queue'), 8, 1_000);
    expect(called.map(({ delivery }) => delivery)).toEqual([second]);
    // The delivery has its slot now, so it queues at no gate.
    expect(await queued(second)).toEqual([]);
  });

  it('a delivery that has its turn does not wait at an open gate without a queue', async () => {
    const [head, second] = await laneAt('open', 2);
    await bench.sql`update gates set has_waiters = false where scope = 'destination:open'`;
    const { next } = await bench.deliver(head, await bench.token(head));
    expect(next).toMatchObject([{ delivery: second, isGated: false }]);
    expect(await queued(second)).toEqual([]);
    expect(await bench.delivery(second)).toMatchObject({ state: 'waiting', gate: null });
  });

  it('a delivery that has its turn waits where its connection is paused', async () => {
    const [head, second] = await laneAt('behind-connection', 2);
    await bench.sql`update gates set has_waiters = false where scope = 'destination:behind-connection'`;
    await bench.sql`
      insert into gates (tenant, scope, paused_at) values ('default', 'connection:hooks', clock_timestamp())
      on conflict (tenant, scope) do update set paused_at = clock_timestamp()`;
    const { next } = await bench.deliver(head, await bench.token(head));
    expect(next).toMatchObject([{ delivery: second, isGated: true }]);
    expect(await queued(second)).toEqual([second]);
    expect(await bench.delivery(second)).toMatchObject({ gate: 'connection:hooks', reason: { code: 'paused' } });
    await bench.sql`update gates set paused_at = null where scope = 'connection:hooks'`;
  });

  it('a delivery that has its turn is left to its run unless it waits or its message is set aside', async () => {
    const [head, second] = await laneAt('running', 2, false);
    await bench.deliver(head, await bench.token(head));
    expect(await queued(second)).toEqual([]);
    await bench.sql`update messages set set_aside = true where id = (select message from deliveries where id = ${second})`;
    expect(await queued(second)).toEqual([second]);
  });

  it("a delivery's deadline, which stood still while it waited for its turn, runs behind an open breaker", async () => {
    const [head, second] = await laneAt('broken', 2);
    await bench.sql`
      update deliveries set deadline_at = clock_timestamp() + interval '1 hour', clock_stopped_at = clock_timestamp() - interval '1 minute'
      where id = ${second}`;
    await bench.sql`update gates set breaker = 'open', probe_at = 'infinity' where scope = 'destination:broken'`;
    await bench.deliver(head, await bench.token(head));
    expect(await queued(second)).toEqual([second]);
    const { deadline_at: deadline, ...row } = await bench.delivery(second);
    expect(row).toMatchObject({ clock_stopped_at: null, reason: { code: 'breaker' } });
    expect((deadline as Date).getTime() - Date.now()).toBeGreaterThan(3_600_000);
  });
});
