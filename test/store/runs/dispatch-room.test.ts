import { leaseMessages, markDispatched, returnLeases } from '../../../src/store/runs/dispatch.ts';
import { createGateBench, type GateBench } from '../../support/gate-bench.ts';

let bench: GateBench;
beforeEach(async () => void (bench = await createGateBench()));
afterEach(() => bench.close());

const lease = async (limit = 32, room = 1_000) => {
  const { leased } = await leaseMessages(bench.sql, limit, room);
  return { leased: leased.map(({ message }) => message), bands: leased.map(({ band }) => band) };
};

describe('messages that could go', () => {
  const newTenant = async (id: string, limits: object = {}) => {
    await bench.sql`insert into tenants (id, limits) values (${id}, ${bench.sql.json(limits as never)})`;
    await bench.sql`insert into config_versions values (${id}, 1) on conflict do nothing`;
  };
  const post = (tenant: string, count: number, priority: 'critical' | 'high' | 'normal' | 'low' = 'normal') =>
    Promise.all(
      Array.from({ length: count }, (_, n) =>
        bench.post({ tenant, priority, configVersion: 1, dedupeKey: `${tenant}-${priority}-${n}` }),
      ),
    );
  const tenantsOf = async (messages: readonly string[]) =>
    Promise.all(messages.map(async (id) => String((await bench.message(id))['tenant'])));

  it('tenants get their messages started in turn, however many each has posted', async () => {
    await newTenant('many');
    await newTenant('few');
    await post('many', 60);
    await post('few', 4);
    const tenants = await tenantsOf((await lease(8)).leased);
    expect(tenants.filter((tenant) => tenant === 'few')).toHaveLength(4);
    expect(tenants.filter((tenant) => tenant === 'many')).toHaveLength(4);
  });

  it('of 15 starts critical gets 8, high 4, normal 2 and low 1', async () => {
    await newTenant('bands');
    for (const priority of ['low', 'normal', 'high', 'critical'] as const) await post('bands', 60, priority);
    const { bands } = await lease(15);
    const count = (band: number) => bands.filter((one) => one === band).length;
    expect([1, 2, 3, 4].map(count)).toEqual([8, 4, 2, 1]);
    const [first] = (await lease(1)).bands;
    expect(first).toBe(1);
  });

  it('a tenant has no more messages in flight than its limit, not counting those at rest', async () => {
    await newTenant('capped', { inFlight: 5 });
    await post('capped', 12);
    const first = await lease(3);
    await markDispatched(bench.sql, first.leased);
    const second = await lease(32);
    await markDispatched(bench.sql, second.leased);
    expect([first.leased.length, second.leased.length]).toEqual([3, 2]);
    expect((await lease(32)).leased).toEqual([]);
    const [{ id: delivery } = { id: '' }] = await bench.sql<{ id: string }[]>`
      select id from deliveries where message = ${first.leased[0] ?? ''}`;
    await bench.sql`update deliveries set state = 'cancelled' where id = ${delivery}`;
    expect((await lease(32)).leased).toHaveLength(1);
  });

  it('a message waits while there is no room, unless it is more urgent than those that fill it', async () => {
    await newTenant('room');
    await post('room', 5, 'low');
    await markDispatched(bench.sql, (await lease(4, 4)).leased);
    expect((await lease(4, 4)).leased).toEqual([]);
    await post('room', 5, 'critical');
    expect((await lease(2, 4)).bands).toEqual([1, 1]);
  });

  it('each living worker adds room for messages', async () => {
    await newTenant('workers');
    await post('workers', 13, 'critical');
    await markDispatched(bench.sql, (await lease(12, 4)).leased);
    expect((await lease(12, 7)).leased).toEqual([]);
    await bench.sql`
      insert into workers (id, seen_at) values ('one', clock_timestamp()), ('two', clock_timestamp() - interval '4 s'),
        ('dead', clock_timestamp() - interval '16 s')`;
    expect((await lease(12, 6)).leased).toEqual([]);
    expect((await lease(12, 7)).bands).toEqual([1]);
    await bench.sql`delete from workers`;
  });

  it('less urgent messages fill a part of the room, and have a minimum beside many urgent ones', async () => {
    await newTenant('parts');
    await post('parts', 30, 'low');
    await post('parts', 30, 'normal');
    const lowest = async (room: number) => {
      const { leased, bands } = await lease(32, room);
      await markDispatched(bench.sql, leased);
      return bands.filter((band) => band === 4).length;
    };
    expect(await lowest(50)).toBeGreaterThan(0);
    // 32 messages are started and unclaimed: more than the part of `low`, and less than that of `normal`.
    const { bands } = await lease(32, 50);
    expect(new Set(bands)).toEqual(new Set([3]));
    await bench.sql`update messages set dispatched_at = clock_timestamp(), lease_until = null where band = 3`;
    await bench.sql`update messages set dispatched_at = null, lease_until = null where band = 4`;
    // Thirty normal messages fill the part of `low` now, so `low` gets its minimum.
    expect((await lease(1, 50)).bands).toEqual([4]);
  });

  it('a message is leased to one worker when several look at the same moment', async () => {
    await newTenant('two');
    await post('two', 40);
    const looks = await Promise.all(Array.from({ length: 4 }, () => lease(10)));
    const all = looks.flatMap(({ leased }) => leased);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(40);
    await returnLeases(bench.sql, all);
    expect((await lease(1)).leased).toHaveLength(1);
  });
});
