import { bringBack, findNextInLanes } from '../../src/store/lane.ts';
import { leaseMessages, markDispatched, returnLeases, standInLine } from '../../src/store/dispatch.ts';
import { chooseProbe, letThrough } from '../../src/store/drain.ts';
import { findOverdue } from '../../src/store/overdue.ts';
import { requestCancel } from '../../src/store/wishes.ts';
import { createGateBench, type GateBench } from '../support/gate-bench.ts';

let bench: GateBench;
beforeEach(async () => void (bench = await createGateBench()));
afterEach(() => bench.close());

const plenty = 1_000;
const lease = async (limit = 32, room = plenty) => {
  const { leased, setAside } = await leaseMessages(bench.sql, limit, room);
  return { leased: leased.map(({ message }) => message), bands: leased.map(({ band }) => band), setAside };
};
/** As the dispatcher does, until nothing is left that could go: those that it would start. */
async function dispatchAll(): Promise<string[]> {
  const started: string[] = [];
  for (;;) {
    const { leased, setAside } = await lease();
    if (setAside.length > 0) await standInLine(bench.sql, setAside);
    await markDispatched(bench.sql, leased);
    started.push(...leased);
    if (leased.length === 0 && setAside.length === 0) return started;
  }
}
const messageOf = async (delivery: string) => String((await bench.delivery(delivery))['message']);
const messagesOf = (deliveries: readonly string[]) => Promise.all(deliveries.map(messageOf));
const drain = async (destination: string) => letThrough(bench.sql, await bench.busy(destination), 20, 1_000);

/** So many messages to one destination, made in one statement as copies of one that was accepted. */
async function crowd(destination: string, count: number): Promise<void> {
  const [delivery] = await bench.queue(destination, 1);
  const message = await messageOf(delivery ?? '');
  await bench.sql`
    insert into messages select (m).* from (
      select jsonb_populate_record(m, jsonb_build_object('id', 'msg_' || n, 'workflow_id', 'w' || n)) as m
      from messages m, generate_series(2, ${count}) n where m.id = ${message}) copies`;
  await bench.sql`
    insert into deliveries select (d).* from (
      select jsonb_populate_record(d, jsonb_build_object('id', 'dlv_' || n, 'message', 'msg_' || n)) as d
      from deliveries d, generate_series(2, ${count}) n where d.id = ${delivery ?? ''}) copies`;
}

describe('messages behind a destination that is shut', () => {
  it('are looked at once, set aside, and cost a later look nothing', async () => {
    await bench.breakOpen('dead');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    await crowd('dead', 1_000);
    expect(await dispatchAll()).toEqual([]);
    const [row] = await bench.sql`
      select count(*) filter (where set_aside)::integer as aside, count(*) filter (where not set_aside)::integer as left
      from messages where dispatched_at is null`;
    expect(row).toEqual({ aside: 1_000, left: 0 });
    expect(await bench.health('dead')).toMatchObject({ waiting: 1_000 });
    // The index of the queue holds none of them, so that a look does not even pass over them.
    await bench.sql`vacuum analyze messages`;
    const plan = await bench.sql<{ 'QUERY PLAN': { Plan: object }[] }[]>`
      explain (analyze, format json)
      select id from messages where tenant = 'default' and band = 3 and dispatched_at is null and open_count > 0 and not set_aside
        and (lease_until is null or lease_until < clock_timestamp()) order by received_at limit 40`;
    expect(JSON.stringify(plan)).toContain('messages_dispatch');
    expect(rowsExamined(plan[0]?.['QUERY PLAN'][0]?.Plan)).toBe(0);
    const [healthy] = await bench.queue('orders', 1);
    expect(await dispatchAll()).toEqual([await messageOf(healthy ?? '')]);
  });

  it('show that they wait, and why', async () => {
    await bench.breakOpen('shown');
    const [one] = await bench.queue('shown', 1);
    await dispatchAll();
    expect(await bench.delivery(one ?? '')).toMatchObject({
      state: 'waiting',
      gate: 'destination:shown',
      reason: { code: 'breaker' },
    });
  });

  it('are started when the gate lets them through, a batch at a time', async () => {
    await bench.breakOpen('batches');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    const deliveries = await bench.queue('batches', 30);
    expect(await dispatchAll()).toEqual([]);
    await bench.sql`update gates set breaker = 'closed'`;
    await drain('batches');
    // Others still wait there, and those that were called go all the same.
    expect(await bench.gate('batches')).toMatchObject({ has_waiters: true });
    expect((await dispatchAll()).sort()).toEqual((await messagesOf(deliveries.slice(0, 20))).sort());
    await drain('batches');
    expect((await dispatchAll()).sort()).toEqual((await messagesOf(deliveries.slice(20))).sort());
  });

  it('give the probe, although none of them has a run', async () => {
    await bench.breakOpen('probe');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    await bench.queue('probe', 3);
    expect(await dispatchAll()).toEqual([]);
    await bench.makeProbeDue('probe');
    const probes = await chooseProbe(bench.sql, await bench.busy('probe'), 1_000);
    expect(probes).toMatchObject([{ hasRun: false }]);
    expect(await dispatchAll()).toEqual(probes.map(({ message }) => message));
  });

  it('queue behind those that wait there already', async () => {
    await bench.breakOpen('behind');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    const before = await bench.queue('behind', 2);
    await dispatchAll();
    await bench.sql`update gates set breaker = 'closed'`;
    const [later] = await bench.queue('behind', 1);
    expect(await dispatchAll()).toEqual([]);
    expect((await drain('behind')).map(({ delivery }) => delivery)).toEqual([...before, later]);
  });

  it('go at once when one of their destinations is not shut', async () => {
    await bench.breakOpen('half');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    const { id } = await bench.post({ to: ['half', 'orders'] });
    expect(await dispatchAll()).toEqual([id]);
  });

  it('are brought back when the gate opens between the look and the setting aside', async () => {
    await bench.breakOpen('race');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    const { id } = await bench.post({ to: ['race'] });
    const { setAside } = await lease();
    expect(setAside).toEqual([id]);
    await bench.sql`update gates set breaker = 'closed', failures = 0`;
    expect(await standInLine(bench.sql, setAside)).toBe(true);
    expect(await dispatchAll()).toEqual([id]);
  });
});

describe('messages behind another one of their conversation', () => {
  it('are set aside, and the next one is brought back by the settle of the head', async () => {
    const posts = [];
    for (let n = 0; n < 4; n += 1) posts.push(await bench.post({ conversation: 'lane' }));
    const [first, second] = posts;
    expect(await dispatchAll()).toEqual([first?.id]);
    expect(await dispatchAll()).toEqual([]);
    const head = first?.deliveries[0] ?? '';
    const { next } = await bench.deliver(head, await bench.token(head));
    expect(next).toMatchObject([{ message: second?.id, hasRun: false }]);
    await bringBack(
      bench.sql,
      next.map(({ message }) => message),
    );
    expect(await dispatchAll()).toEqual([second?.id]);
  });

  it('are brought back when the settle comes between the look and the setting aside', async () => {
    const first = await bench.post({ conversation: 'race' });
    const second = await bench.post({ conversation: 'race' });
    const head = first.deliveries[0] ?? '';
    const token = await bench.token(head);
    const { setAside } = await lease();
    expect(setAside).toEqual([second.id]);
    await bench.deliver(head, token);
    // Its wake-up got lost: nobody brings it back but the look after the setting aside.
    expect(await standInLine(bench.sql, setAside)).toBe(true);
    expect(await dispatchAll()).toEqual([second.id]);
  });

  it('are found by the sweep when the wake-up got lost', async () => {
    const first = await bench.post({ conversation: 'lost' });
    const second = await bench.post({ conversation: 'lost' });
    await dispatchAll();
    await requestCancel(bench.sql, 'default', { message: first.id });
    expect(await dispatchAll()).toEqual([]);
    await bench.sql`update deliveries set due_at = clock_timestamp() where message = ${second.id}`;
    expect(await findOverdue(bench.sql, 10)).toMatchObject([{ message: second.id, hasRun: false, isBehind: false }]);
    const next = await findNextInLanes(bench.sql, first.deliveries);
    expect(next.map(({ message }) => message)).toEqual([second.id]);
  });
});

describe('those that could go', () => {
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

  it('are taken from the tenants in turn, whoever has posted more', async () => {
    await newTenant('many');
    await newTenant('few');
    await post('many', 60);
    await post('few', 4);
    const tenants = await tenantsOf((await lease(8)).leased);
    expect(tenants.filter((tenant) => tenant === 'few')).toHaveLength(4);
    expect(tenants.filter((tenant) => tenant === 'many')).toHaveLength(4);
  });

  it('are taken by the bands’ shares, so that the urgent come first and none starves', async () => {
    await newTenant('bands');
    for (const priority of ['low', 'normal', 'high', 'critical'] as const) await post('bands', 60, priority);
    const { bands } = await lease(15);
    const count = (band: number) => bands.filter((one) => one === band).length;
    expect([1, 2, 3, 4].map(count)).toEqual([8, 4, 2, 1]);
    const [first] = (await lease(1)).bands;
    expect(first).toBe(1);
  });

  it('of one tenant are no more in flight than it may have, rested ones not counted', async () => {
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

  it('wait while there is no room, but for those that are more urgent than what fills it', async () => {
    await newTenant('room');
    await post('room', 5, 'low');
    await markDispatched(bench.sql, (await lease(4, 4)).leased);
    expect((await lease(4, 4)).leased).toEqual([]);
    await post('room', 5, 'critical');
    expect((await lease(2, 4)).bands).toEqual([1, 1]);
  });

  it('have the room of each worker that lives', async () => {
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

  it('fill only a part of the room where they are less urgent, and have a minimum beside a flood of the others', async () => {
    await newTenant('parts');
    await post('parts', 30, 'low');
    await post('parts', 30, 'normal');
    const lowest = async (room: number) => {
      const { leased, bands } = await lease(32, room);
      await markDispatched(bench.sql, leased);
      return bands.filter((band) => band === 4).length;
    };
    expect(await lowest(50)).toBeGreaterThan(0);
    // 32 are started: more than the part of `low`, less than that of `normal`; nobody claims.
    const { bands } = await lease(32, 50);
    expect(new Set(bands)).toEqual(new Set([3]));
    await bench.sql`update messages set dispatched_at = clock_timestamp(), lease_until = null where band = 3`;
    await bench.sql`update messages set dispatched_at = null, lease_until = null where band = 4`;
    // Thirty normal ones fill the part of `low` by now.
    expect((await lease(1, 50)).bands).toEqual([4]);
  });

  it('are leased to one of two workers that look at the same moment', async () => {
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

/** Rows that the nodes of a plan had in their hands, those that a filter threw away included. */
function rowsExamined(plan: unknown): number {
  const node = plan as Record<string, unknown> & { Plans?: unknown[] };
  const own = Number(node['Actual Rows'] ?? 0) + Number(node['Rows Removed by Filter'] ?? 0);
  return own + (node.Plans ?? []).reduce<number>((sum, one) => sum + rowsExamined(one), 0);
}
