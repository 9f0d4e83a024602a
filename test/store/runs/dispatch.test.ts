import { returnToDispatcher, findNextInLanes } from '../../../src/store/waiting/lane.ts';
import { leaseMessages, markDispatched, queueSetAside } from '../../../src/store/runs/dispatch.ts';
import { chooseProbe, letThrough } from '../../../src/store/waiting/let-through.ts';
import { findOverdue } from '../../../src/store/runs/overdue.ts';
import { requestCancel } from '../../../src/store/runs/commands.ts';
import { createGateBench, type GateBench } from '../../support/gate-bench.ts';

let bench: GateBench;
beforeEach(async () => void (bench = await createGateBench()));
afterEach(() => bench.close());

const lease = async (limit = 32, room = 1_000) => {
  const { leased, setAside, isMore } = await leaseMessages(bench.sql, limit, room);
  return { leased: leased.map(({ message }) => message), bands: leased.map(({ band }) => band), setAside, isMore };
};
/** Leases and starts messages as the dispatcher does, until none could go. @returns the messages that it started. */
async function dispatchAll(): Promise<string[]> {
  const started: string[] = [];
  for (;;) {
    const { leased, setAside, isMore } = await lease();
    const isBack = setAside.length > 0 && (await queueSetAside(bench.sql, setAside));
    await markDispatched(bench.sql, leased);
    started.push(...leased);
    if (leased.length === 0 && !isBack && !(setAside.length > 0 && isMore)) return started;
  }
}
const messageOf = async (delivery: string) => String((await bench.delivery(delivery))['message']);
const messagesOf = (deliveries: readonly string[]) => Promise.all(deliveries.map(messageOf));
const drain = async (destination: string) => letThrough(bench.sql, await bench.busy(destination), 20, 1_000);

/** Makes `count` messages to one destination, as copies of one that was accepted. */
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

describe('messages for a destination whose gate is shut', () => {
  it('a thousand messages for a shut destination are set aside once, and cost later looks nothing', async () => {
    await bench.breakOpen('dead');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    await crowd('dead', 1_000);
    expect(await dispatchAll()).toEqual([]);
    const [row] = await bench.sql`
      select count(*) filter (where set_aside)::integer as aside, count(*) filter (where not set_aside)::integer as left
      from messages where dispatched_at is null`;
    expect(row).toEqual({ aside: 1_000, left: 0 });
    expect(await bench.health('dead')).toMatchObject({ waiting: 1_000 });
    // The index of the queue contains none of them, so a look does not have to pass over them.
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

  it('the dispatcher does not look again where it has looked at all messages', async () => {
    await bench.breakOpen('few');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    await crowd('few', 39);
    expect(await lease()).toMatchObject({ leased: [], setAside: { length: 39 }, isMore: false });
  });

  it('a message for a shut destination shows that it waits, and why', async () => {
    await bench.breakOpen('shown');
    const [one] = await bench.queue('shown', 1);
    await dispatchAll();
    expect(await bench.delivery(one ?? '')).toMatchObject({
      state: 'waiting',
      gate: 'destination:shown',
      reason: { code: 'breaker' },
    });
  });

  it('messages for a shut destination are started in batches when its gate opens', async () => {
    await bench.breakOpen('batches');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    const deliveries = await bench.queue('batches', 30);
    expect(await dispatchAll()).toEqual([]);
    await bench.sql`update gates set breaker = 'closed'`;
    await drain('batches');
    // Others still wait at the gate, and the called deliveries go nevertheless.
    expect(await bench.gate('batches')).toMatchObject({ has_waiters: true });
    expect((await dispatchAll()).sort()).toEqual((await messagesOf(deliveries.slice(0, 20))).sort());
    await drain('batches');
    expect((await dispatchAll()).sort()).toEqual((await messagesOf(deliveries.slice(20))).sort());
  });

  it('the probe of a breaker is started although its message has no run', async () => {
    await bench.breakOpen('probe');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    await bench.queue('probe', 3);
    expect(await dispatchAll()).toEqual([]);
    await bench.makeProbeDue('probe');
    const probes = await chooseProbe(bench.sql, await bench.busy('probe'), 1_000);
    expect(probes).toMatchObject([{ hasRun: false }]);
    expect(await dispatchAll()).toEqual(probes.map(({ message }) => message));
  });

  it('a message for a destination with a queue waits behind the others', async () => {
    await bench.breakOpen('behind');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    const before = await bench.queue('behind', 2);
    await dispatchAll();
    await bench.sql`update gates set breaker = 'closed'`;
    const [later] = await bench.queue('behind', 1);
    expect(await dispatchAll()).toEqual([]);
    expect((await drain('behind')).map(({ delivery }) => delivery)).toEqual([...before, later]);
  });

  it('a message is started at once when one of its destinations is open', async () => {
    await bench.breakOpen('half');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    const { id } = await bench.post({ to: ['half', 'orders'] });
    expect(await dispatchAll()).toEqual([id]);
  });

  it('a message is started when its gate opens just before it is set aside', async () => {
    await bench.breakOpen('race');
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    const { id } = await bench.post({ to: ['race'] });
    const { setAside } = await lease();
    expect(setAside).toEqual([id]);
    await bench.sql`update gates set breaker = 'closed', failures = 0`;
    expect(await queueSetAside(bench.sql, setAside)).toBe(true);
    expect(await dispatchAll()).toEqual([id]);
  });
});

describe('messages behind another message of their conversation', () => {
  it('the next message of a conversation is started when the one before it is delivered', async () => {
    const posts = [];
    for (let n = 0; n < 4; n += 1) posts.push(await bench.post({ conversation: 'lane' }));
    const [first, second] = posts;
    expect(await dispatchAll()).toEqual([first?.id]);
    expect(await dispatchAll()).toEqual([]);
    const head = first?.deliveries[0] ?? '';
    const { next } = await bench.deliver(head, await bench.token(head));
    expect(next).toMatchObject([{ message: second?.id, hasRun: false }]);
    await returnToDispatcher(
      bench.sql,
      next.map(({ message }) => message),
    );
    expect(await dispatchAll()).toEqual([second?.id]);
  });

  it('a message is started when the one before it is delivered just before it is set aside', async () => {
    const first = await bench.post({ conversation: 'race' });
    const second = await bench.post({ conversation: 'race' });
    const head = first.deliveries[0] ?? '';
    const token = await bench.token(head);
    const { setAside } = await lease();
    expect(setAside).toEqual([second.id]);
    await bench.deliver(head, token);
    // Its wake-up was lost. Only the look after the setting aside returns the message.
    expect(await queueSetAside(bench.sql, setAside)).toBe(true);
    expect(await dispatchAll()).toEqual([second.id]);
  });

  it('the sweep finds the next message of a conversation when its wake-up was lost', async () => {
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

/** Counts the rows that the nodes of a query plan have read, also those that a filter removed. */
function rowsExamined(plan: unknown): number {
  const node = plan as Record<string, unknown> & { Plans?: unknown[] };
  const own = Number(node['Actual Rows'] ?? 0) + Number(node['Rows Removed by Filter'] ?? 0);
  return own + (node.Plans ?? []).reduce<number>((sum, one) => sum + rowsExamined(one), 0);
}
