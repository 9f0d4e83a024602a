import type { GateName } from '../../../src/domain/gate.ts';
import { letThrough } from '../../../src/store/waiting/let-through.ts';
import { end } from '../../../src/store/ledger/end.ts';
import { settle } from '../../../src/store/ledger/settle.ts';
import { waitAtGate } from '../../../src/store/waiting/wait.ts';
import { requestCancel, requestRetry } from '../../../src/store/runs/commands.ts';
import { eventually } from '../../support/eventually.ts';
import { createGateBench, noAnswer, type GateBench } from '../../support/gate-bench.ts';

/** Statements that run at the same moment, each of which is right by the state that it sees. */
let bench: GateBench;
beforeAll(async () => void (bench = await createGateBench()));
afterAll(() => bench.close());

const rounds = 25;
/** @returns the events about a message and its deliveries, without that of its acceptance. */
const endsOf = async (message: string) => {
  const rows = await bench.sql<{ type: string }[]>`
    select type from events where message = ${message} and type <> 'carillon.message.accepted' order by xid, id`;
  return rows.map(({ type }) => type);
};
const untilSomebodyWaits = () =>
  eventually('a statement waits for a lock', async () => {
    const [waiting] = await bench.sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return waiting !== undefined;
  });

it('a message ends when its last two deliveries settle in overlapping transactions', async () => {
  const { id, deliveries } = await bench.post({ to: ['orders', 'audit'] });
  const [first = '', second = ''] = deliveries;
  const token = await bench.token(first);
  const other = await bench.token(second);
  let settled: Promise<unknown> = Promise.resolve();
  await bench.sql.begin(async (tx) => {
    const receipt = { nativeId: 'n', version: 1, attempt: token };
    await settle(tx, { kind: 'delivered', delivery: first, token, receipt });
    settled = bench.deliver(second, other);
    await untilSomebodyWaits();
  });
  await settled;
  expect(await bench.message(id)).toMatchObject({ state: 'delivered', open_count: 0 });
});

it('a gate keeps its queue when a delivery begins to wait while the drain empties it', async () => {
  const scope = 'destination:closing';
  const [first = '', second = ''] = await bench.queue('closing', 2);
  await waitAtGate(bench.sql, first, scope, 'rate');
  const gate = await bench.busy('closing');
  let called: Promise<unknown> = Promise.resolve();
  await bench.sql.begin(async (tx) => {
    await waitAtGate(tx, second, scope, 'rate');
    called = letThrough(bench.sql, gate, 20, 1_000); // in its snapshot the second delivery does not wait yet
    await untilSomebodyWaits();
  });
  expect(await called).toMatchObject([{ delivery: first }]);
  expect(await bench.gate('closing')).toMatchObject({ has_waiters: true });
  expect(await letThrough(bench.sql, await bench.busy('closing'), 20, 1_000)).toMatchObject([{ delivery: second }]);
});

it('a delivery that is retried and claimed at once is sent once', async () => {
  const found = new Set<boolean>();
  for (let round = 0; round < rounds; round += 1) {
    const [id = ''] = await bench.queue('orders', 1);
    await bench.fail(id, await bench.token(id), { delayMs: 0 });
    const [claim, [command]] = await Promise.all([
      bench.claim(id),
      requestRetry(bench.sql, 'default', { delivery: id }),
    ]);
    found.add(command?.changed === true);
    const again = await bench.claim(id);
    expect([claim, again].filter((one) => one !== undefined)).toHaveLength(1);
    expect(await bench.delivery(id)).toMatchObject({ state: 'sending', attempts: 2 });
  }
  expect(found.size).toBeGreaterThan(0);
});

it('a retry does not change a delivery that is being sent', async () => {
  const [id = ''] = await bench.queue('orders', 1);
  const token = await bench.token(id);
  expect(await requestRetry(bench.sql, 'default', { delivery: id })).toMatchObject([
    { state: 'sending', changed: false },
  ]);
  expect(await bench.claim(id)).toBeUndefined();
  expect(await bench.deliver(id, token)).toMatchObject({ state: 'delivered' });
});

it('a message ends once when it is cancelled and settled at once', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const { id, deliveries } = await bench.post();
    const [delivery = ''] = deliveries;
    const token = await bench.token(delivery);
    await Promise.all([
      bench.deliver(delivery, token),
      requestCancel(bench.sql, 'default', { message: id }),
      requestCancel(bench.sql, 'default', { delivery }),
    ]);
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'delivered' });
    expect(await bench.message(id)).toMatchObject({ state: 'delivered', open_count: 0 });
    expect(await endsOf(id)).toEqual(['carillon.delivery.delivered', 'carillon.message.delivered']);
  }
});

it('a cancel that waits for a settle does not change the delivered delivery', async () => {
  const { id, deliveries } = await bench.post();
  const [delivery = ''] = deliveries;
  const token = await bench.token(delivery);
  let command: ReturnType<typeof requestCancel> | undefined;
  await bench.sql.begin(async (tx) => {
    const receipt = { nativeId: 'n', version: 1, attempt: token };
    await settle(tx, { kind: 'delivered', delivery, token, receipt });
    command = requestCancel(bench.sql, 'default', { message: id });
    await untilSomebodyWaits();
  });
  expect(await command).toMatchObject([{ state: 'delivered', changed: false }]);
  expect(await bench.delivery(delivery)).toMatchObject({ state: 'delivered', cancel_requested_at: null });
});

it('a delivery that parks and has a late success at once is delivered', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const { id, deliveries } = await bench.post();
    const [delivery = ''] = deliveries;
    const token = await bench.token(delivery);
    await bench.fail(delivery, token, { ambiguous: true });
    await Promise.all([
      end(bench.sql, { delivery, state: 'parked', reason: { code: 'attempts_exhausted', message: '' } }),
      bench.deliver(delivery, token),
    ]);
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'delivered', due_at: null });
    expect(await bench.message(id)).toMatchObject({ state: 'delivered', open_count: 0 });
  }
});

/** Settles a failure that concerns a destination and its connection, in this order. */
const failAtBoth = (delivery: string, token: string) =>
  settle(bench.sql, {
    kind: 'failed',
    delivery,
    token,
    outcome: 'transient',
    verdict: { state: 'retrying', delayMs: 1, inDoubt: false },
    reason: noAnswer,
    troubles: ['destination:a', 'connection:hooks'].map((scope) => ({ scope: scope as GateName, failed: true })),
  });

it('a failure that concerns two gates locks them in the order of their names', async () => {
  const [first = '', second = ''] = await bench.queue('orders', 2);
  await failAtBoth(first, await bench.token(first));
  const token = await bench.token(second);
  let failing: Promise<unknown> = Promise.resolve();
  await bench.sql.begin(async (tx) => {
    await tx`select from gates where scope = 'connection:hooks' for update`;
    failing = failAtBoth(second, token);
    await untilSomebodyWaits();
    await tx`select from gates where scope = 'destination:a' for update nowait`;
  });
  await failing;
});

it('failures, successes and takers of slots that run at once do not deadlock', async () => {
  const scopes = ['destination:a', 'connection:hooks'].map((scope) => ({ scope, intervalMs: 1, burst: 1 }));
  for (let round = 0; round < rounds; round += 1) {
    const deliveries = await bench.queue('orders', 6);
    const tokens = await Promise.all(deliveries.map((id) => bench.token(id)));
    await Promise.all(
      deliveries.flatMap((id, index) => [
        index % 2 === 0 ? failAtBoth(id, tokens[index] ?? '') : bench.succeedAt('orders', id, tokens[index] ?? ''),
        bench.sql`select * from take_slots('default', ${bench.sql.json(scopes)}, 1000, true)`,
      ]),
    );
  }
}, 20_000);
