import { deliveryStates, mayMove, transitions } from '../../../src/domain/delivery.ts';
import { waitForTurn } from '../../../src/store/waiting/lane.ts';
import { readLedger } from '../../../src/store/ledger/ledger.ts';
import { release } from '../../../src/store/ledger/release.ts';
import { requestCancel, requestRetry } from '../../../src/store/runs/commands.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

async function postOne(options: Parameters<LedgerBench['post']>[0] = {}) {
  const { id, deliveries } = await bench.post(options);
  return { message: id, delivery: deliveries[0] ?? '' };
}

async function claimed(delivery: string, options: Parameters<LedgerBench['claim']>[1] = {}): Promise<string> {
  const claim = await bench.claim(delivery, options);
  if (claim === undefined) throw new Error('not claimed');
  return claim.token;
}

describe('the database', () => {
  it('the database has the same transitions as the domain', async () => {
    const stored = await bench.sql<{ from: string; to: string }[]>`
      select from_state as from, to_state as to from delivery_transitions`;
    const named = Object.values(transitions).flatMap(({ from, to }) =>
      from.filter((state) => state !== to).map((state) => `${state} → ${to}`),
    );
    expect(stored.map(({ from, to }) => `${from} → ${to}`).sort()).toEqual([...new Set(named)].sort());
  });

  it('the database refuses each change of state that no transition names', async () => {
    const { delivery } = await postOne();
    for (const from of deliveryStates)
      for (const to of deliveryStates.filter((state) => state !== from)) {
        await bench.sql`alter table deliveries disable trigger user`;
        await bench.sql`update deliveries set state = ${from} where id = ${delivery}`;
        await bench.sql`alter table deliveries enable trigger user`;
        const change = bench.sql`update deliveries set state = ${to} where id = ${delivery}`.then(
          () => true,
          () => false,
        );
        expect([from, to, await change]).toEqual([from, to, mayMove(from, to)]);
      }
  });
});

describe('a claim', () => {
  it('ten claims of a delivery at once give one attempt', async () => {
    const { delivery } = await postOne();
    const claims = await Promise.all(Array.from({ length: 10 }, () => bench.claim(delivery)));
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'sending', attempts: 1 });
  });

  it('of five deliveries of a lane that are claimed at once only one is sent', async () => {
    const posts = await Promise.all(Array.from({ length: 5 }, () => postOne({ conversation: 'race' })));
    // These updates do not look at the lane, so only the unique index prevents two of them.
    const claims = await Promise.allSettled(
      posts.map(
        ({ delivery }) => bench.sql`update deliveries set state = 'sending', claim_token = 'x' where id = ${delivery}`,
      ),
    );
    expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('a later message of a conversation is claimed only after the earlier one is delivered', async () => {
    const first = await postOne({ conversation: 'order' });
    const second = await postOne({ conversation: 'order' });
    expect(await bench.claim(second.delivery)).toBeUndefined();
    const token = await claimed(first.delivery);
    expect(await bench.claim(second.delivery)).toBeUndefined();
    await bench.deliver(first.delivery, token);
    expect(await bench.claim(second.delivery)).toBeDefined();
  });

  it('a delivery is not claimed before its next attempt is due', async () => {
    const { delivery } = await postOne();
    await bench.fail(delivery, await claimed(delivery), { delayMs: 60_000 });
    expect(await bench.claim(delivery)).toBeUndefined();
    expect((await readLedger(bench.sql, bench.ring, [delivery]))[0]?.view.notBeforeMs).toBeGreaterThan(50_000);
  });

  it('a released claim costs no attempt', async () => {
    const { delivery } = await postOne();
    await release(bench.sql, delivery, await claimed(delivery));
    expect(await bench.delivery(delivery)).toMatchObject({
      state: 'queued',
      attempts: 0,
      claim_token: null,
      pinned_version: null,
    });
  });

  it('the deadline is set once, at the first attempt of a retry cycle', async () => {
    const { delivery } = await postOne();
    await bench.fail(delivery, await claimed(delivery, { policyDeadlineMs: 50_000 }));
    const first = (await bench.delivery(delivery))['deadline_at'];
    await bench.sql`update deliveries set next_attempt_at = null where id = ${delivery}`;
    await claimed(delivery, { policyDeadlineMs: 90_000 });
    expect((await bench.delivery(delivery))['deadline_at']).toEqual(first);
  });
});

describe('a settle', () => {
  it('a message ends once when its last two deliveries settle at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id, deliveries } = await bench.post({ to: ['orders', 'audit'] });
      const tokens = await Promise.all(deliveries.map((delivery) => claimed(delivery)));
      await Promise.all(deliveries.map((delivery, index) => bench.deliver(delivery, tokens[index] ?? '')));
      expect(await bench.message(id)).toMatchObject({ state: 'delivered', open_count: 0 });
      const ends = await bench.sql`select from events where message = ${id} and type = 'carillon.message.delivered'`;
      expect(ends).toHaveLength(1);
    }
  });

  it('a second settle of an attempt changes nothing', async () => {
    const { delivery, message } = await postOne();
    const token = await claimed(delivery);
    await bench.deliver(delivery, token);
    const before = await bench.delivery(delivery);
    expect(await bench.deliver(delivery, token)).toMatchObject({ state: 'delivered' });
    expect(await bench.fail(delivery, token)).toMatchObject({ state: 'delivered' });
    expect(await bench.delivery(delivery)).toEqual(before);
    expect(await bench.message(message)).toMatchObject({ open_count: 0 });
  });

  it('a late failure changes nothing', async () => {
    const { delivery } = await postOne();
    const first = await claimed(delivery);
    await bench.fail(delivery, first, { ambiguous: true });
    await bench.sql`update deliveries set next_attempt_at = null where id = ${delivery}`;
    const second = await claimed(delivery);
    await bench.fail(delivery, first);
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'sending', claim_token: second });
  });

  it('a late success makes the delivery delivered, and no other attempt follows', async () => {
    const { delivery, message } = await postOne();
    const token = await claimed(delivery);
    await bench.fail(delivery, token, { ambiguous: true, delayMs: 60_000 });
    expect(await bench.deliver(delivery, token)).toMatchObject({ state: 'delivered' });
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'delivered', doubled: false, due_at: null });
    expect(await bench.message(message)).toMatchObject({ state: 'delivered', open_count: 0 });
  });

  it('a late success after a park makes the message delivered', async () => {
    const { delivery, message } = await postOne();
    const token = await claimed(delivery);
    await bench.fail(delivery, token, { park: true, ambiguous: true });
    expect(await bench.message(message)).toMatchObject({ state: 'failed' });
    await bench.deliver(delivery, token);
    expect(await bench.message(message)).toMatchObject({ state: 'delivered' });
  });

  it('a delivery that arrived twice keeps both receipts and is doubled', async () => {
    const { delivery } = await postOne();
    const first = await claimed(delivery);
    await bench.fail(delivery, first, { ambiguous: true });
    await bench.sql`update deliveries set next_attempt_at = null where id = ${delivery}`;
    const second = await claimed(delivery);
    await bench.deliver(delivery, first, 'one'); // late, while the second attempt is under way
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'sending' });
    await bench.deliver(delivery, second, 'two');
    const row = await bench.delivery(delivery);
    expect(row).toMatchObject({ state: 'delivered', doubled: true });
    expect((row['receipts'] as { nativeId: string }[]).map(({ nativeId }) => nativeId)).toEqual(['one', 'two']);
  });

  it('a delivery is delivered when its second attempt fails after a late success of the first', async () => {
    const { delivery } = await postOne();
    const first = await claimed(delivery);
    await bench.fail(delivery, first, { ambiguous: true });
    await bench.sql`update deliveries set next_attempt_at = null where id = ${delivery}`;
    const second = await claimed(delivery);
    await bench.deliver(delivery, first);
    expect(await bench.fail(delivery, second, { delayMs: 60_000 })).toMatchObject({
      state: 'delivered',
      delayMs: null,
    });
    expect(await bench.delivery(delivery)).toMatchObject({ doubled: false, due_at: null });
  });

  it('a version stays pinned after an attempt that may have arrived, and not after a rejected one', async () => {
    const doubtful = await postOne();
    await bench.fail(doubtful.delivery, await claimed(doubtful.delivery), { ambiguous: true });
    expect(await bench.delivery(doubtful.delivery)).toMatchObject({ pinned_version: 1 });
    const rejected = await postOne();
    await bench.fail(rejected.delivery, await claimed(rejected.delivery));
    expect(await bench.delivery(rejected.delivery)).toMatchObject({ pinned_version: null, doubt_since: null });
  });

  it('the next delivery of a lane may go when the one before it settles', async () => {
    const first = await postOne({ conversation: 'wake' });
    const second = await postOne({ conversation: 'wake' });
    expect(await waitForTurn(bench.sql, second.delivery)).toBe(true);
    const settled = await bench.deliver(first.delivery, await claimed(first.delivery));
    expect(settled.next).toMatchObject([{ delivery: second.delivery, hasRun: false }]);
    expect(await waitForTurn(bench.sql, second.delivery)).toBe(false);
  });
});

describe('a command', () => {
  it('a retry grants a parked delivery another retry cycle', async () => {
    const { delivery, message } = await postOne();
    await bench.fail(delivery, await claimed(delivery), { park: true });
    const [commanded] = await requestRetry(bench.sql, 'default', { message });
    expect(commanded).toMatchObject({ id: delivery, state: 'queued', changed: true });
    expect(await bench.delivery(delivery)).toMatchObject({
      attempts: 1,
      max_attempts: 6,
      round_start: 1,
      next_trigger: 'manual',
    });
    expect(await bench.message(message)).toMatchObject({ state: 'delivering', open_count: 1 });
    expect(await requestRetry(bench.sql, 'default', { message })).toMatchObject([{ changed: false }]);
  });

  it("a retry does not wait for the backoff, but for the platform's Retry-After", async () => {
    const { delivery, message } = await postOne();
    await bench.fail(delivery, await claimed(delivery), { delayMs: 60_000 });
    await bench.sql`update deliveries set not_before = clock_timestamp() + interval '1 minute' where id = ${delivery}`;
    await requestRetry(bench.sql, 'default', { message });
    expect(await bench.claim(delivery)).toBeUndefined();
    await bench.sql`update deliveries set not_before = null where id = ${delivery}`;
    expect(await bench.claim(delivery)).toBeDefined();
  });

  it('a retried delivery that a later message has passed is late', async () => {
    const first = await postOne({ conversation: 'late' });
    const second = await postOne({ conversation: 'late' });
    await bench.fail(first.delivery, await claimed(first.delivery), { park: true });
    await bench.deliver(second.delivery, await claimed(second.delivery));
    await requestRetry(bench.sql, 'default', { delivery: first.delivery });
    await bench.deliver(first.delivery, await claimed(first.delivery));
    expect(await bench.delivery(first.delivery)).toMatchObject({ state: 'delivered', late: true });
    expect(await bench.delivery(second.delivery)).toMatchObject({ late: false });
  });

  it('a cancel ends a delivery that is not being sent', async () => {
    const { delivery, message } = await postOne();
    await requestCancel(bench.sql, 'default', { message });
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'cancelled', due_at: null });
    expect(await bench.message(message)).toMatchObject({ state: 'cancelled', open_count: 0 });
    expect(await bench.claim(delivery)).toBeUndefined();
  });

  it.each([
    ['delivered when it arrives', (d: string, t: string) => bench.deliver(d, t), 'delivered'],
    ['cancelled when it fails', (d: string, t: string) => bench.fail(d, t), 'cancelled'],
    ['uncertain when its answer is lost', (d: string, t: string) => bench.fail(d, t, { ambiguous: true }), 'uncertain'],
  ])('a delivery that is cancelled while it is being sent is %s', async (_name, end, state) => {
    const { delivery, message } = await postOne();
    const token = await claimed(delivery);
    await requestCancel(bench.sql, 'default', { message });
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'sending' });
    expect(await end(delivery, token)).toMatchObject({ state });
  });

  it("a command for another tenant's message finds nothing", async () => {
    const { message } = await postOne();
    expect(await requestCancel(bench.sql, 'other', { message })).toEqual([]);
  });
});
