import { nextStep } from '../../../src/domain/step.ts';
import { leaseMessages } from '../../../src/store/runs/dispatch.ts';
import { findNextInLanes } from '../../../src/store/waiting/lane.ts';
import { readLedger } from '../../../src/store/ledger/ledger.ts';
import { enterScheduled, expireOverdue, findOverdue, postpone } from '../../../src/store/runs/overdue.ts';
import { requestRetry } from '../../../src/store/runs/commands.ts';
import { waitAtGate } from '../../../src/store/waiting/wait.ts';
import { createGateBench, type GateBench } from '../../support/gate-bench.ts';

let bench: GateBench;
beforeAll(async () => void (bench = await createGateBench()));
afterAll(() => bench.close());

const soon = () => new Date(Date.now() + 3_600_000);
const expireNow = (id: string) => bench.sql`
  update deliveries set expires_at = clock_timestamp(), due_at = least(due_at, clock_timestamp()) where id = ${id}`;
const stepOf = async (id: string, kind: 'B' | 'C' = 'C') => {
  const [entry] = await readLedger(bench.sql, bench.ring, [id]);
  if (entry === undefined) throw new Error('no such delivery');
  return nextStep(entry.view, { kind }, 'at-least-once');
};
const overdue = async (id: string) => (await findOverdue(bench.sql, 1_000)).find((one) => one.id === id);
const dueInSeconds = async (id: string) => {
  const due = (await bench.delivery(id))['due_at'] as Date;
  return (due.getTime() - Date.now()) / 1_000;
};

describe('a delivery whose expiry has passed', () => {
  const ways: [string, (id: string) => Promise<unknown>][] = [
    ['queued', async () => undefined],
    ['waiting', (id) => waitAtGate(bench.sql, id, 'destination:expiring', 'paused')],
    ['retrying', async (id) => bench.fail(id, await bench.token(id), { delayMs: 60_000 })],
  ];

  it.each(ways)('a delivery that is %s expires, and its message fails', async (state, bring) => {
    const { id: message, deliveries } = await bench.post({ to: ['expiring'], expiresAt: soon() });
    const id = deliveries[0] ?? '';
    await bring(id);
    expect(await bench.delivery(id)).toMatchObject({ state });
    expect(await expireOverdue(bench.sql, [id])).toEqual([]);
    await expireNow(id);
    expect(await overdue(id)).toMatchObject({ id, isAtGate: false });
    expect(await expireOverdue(bench.sql, [id])).toEqual([id]);
    expect(await bench.delivery(id)).toMatchObject({
      state: 'expired',
      due_at: null,
      gate: null,
      reason: { code: 'expired' },
    });
    expect(await bench.message(message)).toMatchObject({ state: 'failed', open_count: 0 });
    expect(await expireOverdue(bench.sql, [id])).toEqual([]);
  });

  it.each(ways)('the sweep looks at a delivery that is %s no later than its expiry', async (_state, bring) => {
    const { deliveries } = await bench.post({ to: ['expiring-soon'], expiresAt: new Date(Date.now() + 10_000) });
    const id = deliveries[0] ?? '';
    await bring(id);
    expect(await dueInSeconds(id)).toBeLessThanOrEqual(10);
  });

  it('an expired delivery is not claimed, although its state has not changed yet', async () => {
    const [id] = await bench.queue('orders', 1, { expiresAt: soon() });
    await expireNow(id ?? '');
    expect(await bench.claim(id ?? '')).toBeUndefined();
    expect(await stepOf(id ?? '')).toEqual({ do: 'expire' });
  });

  it('a delivery that is being sent at its expiry expires only after the attempt has failed', async () => {
    const [id] = await bench.queue('orders', 1, { expiresAt: soon() });
    const token = await bench.token(id ?? '');
    await expireNow(id ?? '');
    expect(await expireOverdue(bench.sql, [id ?? ''])).toEqual([]);
    await bench.fail(id ?? '', token);
    expect(await expireOverdue(bench.sql, [id ?? ''])).toEqual([id]);
  });

  it('a delivery in doubt does not expire; it is looked up or becomes uncertain', async () => {
    const [id] = await bench.queue('orders', 1, { expiresAt: soon() });
    await bench.fail(id ?? '', await bench.token(id ?? ''), { ambiguous: true });
    await expireNow(id ?? '');
    expect(await expireOverdue(bench.sql, [id ?? ''])).toEqual([]);
    expect(await stepOf(id ?? '')).toEqual({ do: 'doubt', code: 'expired_in_doubt' });
    await bench.sql`
      update deliveries set doubt_until = clock_timestamp(), next_attempt_at = clock_timestamp() where id = ${id ?? ''}`;
    expect(await stepOf(id ?? '', 'B')).toEqual({ do: 'look-up', final: false });
  });

  it('the sweep wakes a delivery in doubt at its expiry although its gate stays shut', async () => {
    const [id] = await bench.queue('shut', 1, { expiresAt: soon() });
    await bench.fail(id ?? '', await bench.token(id ?? ''), { ambiguous: true });
    await waitAtGate(bench.sql, id ?? '', 'destination:shut', 'paused');
    await expireNow(id ?? '');
    expect(await overdue(id ?? '')).toMatchObject({ isAtGate: false });
  });

  it('the next delivery of the conversation goes when a delivery expires', async () => {
    const first = await bench.post({ conversation: 'expired', expiresAt: soon() });
    const second = await bench.post({ conversation: 'expired' });
    await expireNow(first.deliveries[0] ?? '');
    await expireOverdue(bench.sql, first.deliveries);
    const next = await findNextInLanes(bench.sql, first.deliveries);
    expect(next.map(({ message }) => message)).toEqual([second.id]);
  });

  it('a best-effort delivery expires after 15 minutes, or earlier where the message says so', async () => {
    const [effort] = await bench.queue('orders', 1, { class: 'best-effort' });
    const minutes = ((await bench.delivery(effort ?? ''))['expires_at'] as Date).getTime() - Date.now();
    expect(Math.round(minutes / 60_000)).toBe(15);
    const expiresAt = new Date(Date.now() + 60_000);
    const [earlier] = await bench.queue('orders', 1, { class: 'best-effort', expiresAt });
    expect((await bench.delivery(earlier ?? ''))['expires_at']).toEqual(expiresAt);
  });
});

describe('a wait at a gate', () => {
  it('the sweep looks at a delivery at a gate every 10 minutes, and no later than its expiry', async () => {
    const [id] = await bench.queue('seldom', 1, { expiresAt: new Date(Date.now() + 60_000) });
    await waitAtGate(bench.sql, id ?? '', 'destination:seldom', 'rate');
    await postpone(bench.sql, [id ?? ''], 20);
    expect(Math.round(await dueInSeconds(id ?? ''))).toBeGreaterThan(50);
    expect(Math.round(await dueInSeconds(id ?? ''))).toBeLessThanOrEqual(60);
    const [other] = await bench.queue('seldom', 1);
    await waitAtGate(bench.sql, other ?? '', 'destination:seldom', 'rate');
    await postpone(bench.sql, [other ?? ''], 20);
    expect(Math.round((await dueInSeconds(other ?? '')) / 60)).toBe(10);
  });

  it('the sweep repairs a gate that has lost track of a delivery that waits there', async () => {
    const [id] = await bench.queue('forgotten', 1);
    await waitAtGate(bench.sql, id ?? '', 'destination:forgotten', 'rate');
    await bench.sql`update gates set has_waiters = false where scope = 'destination:forgotten'`;
    await postpone(bench.sql, [id ?? ''], 20);
    expect(await bench.busy('forgotten')).toMatchObject({ isPassable: true });
  });

  it('a delivery that waits behind an open breaker is parked at its deadline', async () => {
    const [id] = await bench.queue('deadline', 1);
    await bench.fail(id ?? '', await bench.token(id ?? '', 30_000));
    await waitAtGate(bench.sql, id ?? '', 'destination:deadline', 'breaker');
    await bench.sql`
      update deliveries set deadline_at = clock_timestamp(), due_at = clock_timestamp() where id = ${id ?? ''}`;
    expect(await overdue(id ?? '')).toMatchObject({ isAtGate: false });
    expect(await stepOf(id ?? '')).toEqual({ do: 'park', code: 'deadline_exceeded' });
  });
});

describe('a message with sendAt', () => {
  const later = (options: object = {}) => bench.post({ sendAt: soon(), ...options });
  const makeDue = (message: string) =>
    bench.sql`update messages set send_at = clock_timestamp() - interval '1 ms' where id = ${message}`;
  const leased = async () => (await leaseMessages(bench.sql, 100, 1_000)).leased.map(({ message }) => message);

  it('a scheduled message is started at its time, and not before', async () => {
    const { id } = await later();
    expect(await leased()).not.toContain(id);
    expect(await enterScheduled(bench.sql)).toBe(false);
    await makeDue(id);
    expect(await enterScheduled(bench.sql)).toBe(true);
    expect(await enterScheduled(bench.sql)).toBe(false);
    expect(await leased()).toContain(id);
  });

  it('a scheduled message gets its sequence at its time, not when it was posted', async () => {
    const scheduled = await later({ conversation: 'place' });
    expect(await bench.message(scheduled.id)).toMatchObject({ sequence: null, set_aside: true });
    const before = await bench.post({ conversation: 'place' });
    await makeDue(scheduled.id);
    await enterScheduled(bench.sql);
    const after = await bench.post({ conversation: 'place' });
    const sequences = [];
    for (const { id } of [before, scheduled, after]) sequences.push((await bench.message(id))['sequence']);
    expect(sequences).toEqual([1, 2, 3]);
    expect(await bench.delivery(scheduled.deliveries[0] ?? '')).toMatchObject({ sequence: 2 });
    expect(await bench.claim(scheduled.deliveries[0] ?? '')).toBeUndefined();
    const head = before.deliveries[0] ?? '';
    expect((await bench.deliver(head, await bench.token(head))).next).toMatchObject([{ message: scheduled.id }]);
  });

  it('a scheduled message gets one sequence also where several sweeps look at it', async () => {
    const { id, deliveries } = await later({ conversation: 'one-place' });
    await makeDue(id);
    await Promise.all(Array.from({ length: 8 }, () => enterScheduled(bench.sql)));
    const { sequence } = await bench.message(id);
    expect(await bench.delivery(deliveries[0] ?? '')).toMatchObject({ sequence });
    const next = await bench.post({ conversation: 'one-place' });
    expect((await bench.message(next.id))['sequence']).toBeGreaterThan(Number(sequence));
  });

  it('a scheduled message whose time comes does not deadlock with a cancel', async () => {
    for (let round = 0; round < 15; round += 1) {
      const { id, deliveries } = await later({ conversation: `deadlock-${round}` });
      await makeDue(id);
      const cancel = bench.sql`update deliveries set state = 'cancelled' where id = ${deliveries[0] ?? ''}`;
      await expect(Promise.all([cancel, enterScheduled(bench.sql)])).resolves.toBeDefined();
    }
  });

  it('a scheduled best-effort message expires 15 minutes after its sendAt', async () => {
    const { deliveries } = await later({ class: 'best-effort' });
    const row = await bench.delivery(deliveries[0] ?? '');
    const fromNow = (key: string) => Math.round(((row[key] as Date).getTime() - Date.now()) / 60_000);
    expect(fromNow('expires_at')).toBe(75);
    expect(fromNow('due_at')).toBeGreaterThanOrEqual(60);
  });

  it('a scheduled message can be cancelled before its time', async () => {
    const { id, deliveries } = await later();
    await bench.sql`update deliveries set state = 'cancelled' where id = ${deliveries[0] ?? ''}`;
    expect(await bench.message(id)).toMatchObject({ state: 'cancelled' });
  });
});

it('an expired delivery cannot be retried', async () => {
  const [id] = await bench.queue('orders', 1, { expiresAt: soon() });
  await expireNow(id ?? '');
  await expireOverdue(bench.sql, [id ?? '']);
  expect(await requestRetry(bench.sql, 'default', { delivery: id ?? '' })).toMatchObject([{ changed: false }]);
});
