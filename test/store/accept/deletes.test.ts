import { untilSomebodyWaits } from '../../api/lock-wait.ts';
import { retryPolicies } from '../../../src/domain/retry.ts';
import { findStopped } from '../../../src/store/accept/changes.ts';
import { beginLookUp } from '../../../src/store/ledger/doubt.ts';
import { findNextInLanes } from '../../../src/store/waiting/lane.ts';
import { end } from '../../../src/store/ledger/end.ts';
import { settle } from '../../../src/store/ledger/settle.ts';
import { waitAtGate } from '../../../src/store/waiting/wait.ts';
import { requestCancel, requestRetry } from '../../../src/store/runs/commands.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { accepted, changeSteps } from '../change-steps.ts';

let bench: LedgerBench;
let steps: ReturnType<typeof changeSteps>;
beforeAll(async () => {
  bench = await createLedgerBench();
  steps = changeSteps(bench);
});
afterAll(() => bench.close());

describe('a delete', () => {
  it.each([
    ['queued', 'cancelled', 0],
    ['waiting', 'cancelled', 0],
    ['sending', 'sending', 1],
    ['rejected', 'cancelled', 0],
    ['retrying in doubt', 'retrying', 1],
    ['parked', 'cancelled', 0],
    ['parked in doubt', 'queued', 1],
    ['uncertain', 'queued', 1],
    ['delivered', 'delivered', 1],
    ['cancelled', 'cancelled', 0],
    ['expired', 'expired', 0],
  ] as const)(
    'a delete of a message that is %s leaves its delivery %s and makes %i deliveries of its own',
    async (state, after, count) => {
      const { message, delivery } = await steps.postOne({ conversation: `delete ${state}` });
      await steps.bring[state](delivery);
      const { id, deliveries } = accepted(await steps.remove(message));
      expect(deliveries).toHaveLength(count);
      const row = await bench.delivery(delivery);
      expect(row['state']).toBe(after);
      expect((await bench.message(message))['deleted_at']).not.toBeNull();
      expect(await bench.message(id)).toMatchObject({ type: 'message.deleted', refers_to: message, open_count: count });
      // A delivery of a deleted message is never claimed, whatever its state.
      await bench.sql`update deliveries set next_attempt_at = null where id = ${delivery}`;
      expect(await bench.claim(delivery)).toBeUndefined();
      if (after !== 'delivered' && after !== 'expired' && state !== 'cancelled') {
        expect(row).toMatchObject({ is_deleted: true });
        const stopped = await findStopped(bench.sql, 'default', message);
        expect(stopped.map(({ id: one }) => one)).toEqual([delivery]);
      }
      // A retry changes nothing.
      expect(await requestRetry(bench.sql, 'default', { message })).toMatchObject([{ changed: false }]);
    },
  );

  it('a delete cancels all edits that were not delivered, and waits for the one that is being sent', async () => {
    const { message } = await steps.delivered();
    const [parked, sent, pending] = [
      accepted(await steps.edit(message, 'a')),
      accepted(await steps.edit(message, 'b')),
      accepted(await steps.edit(message, 'c')),
    ];
    await bench.fail(parked.delivery, await steps.claimed(parked.delivery), { park: true, ambiguous: true });
    const token = await steps.claimed(sent.delivery);
    const { deliveries } = accepted(await steps.remove(message));
    expect(deliveries).toHaveLength(1);
    expect(await bench.delivery(parked.delivery)).toMatchObject({ state: 'cancelled', reason: { code: 'deleted' } });
    expect(await bench.delivery(pending.delivery)).toMatchObject({ state: 'cancelled' });
    expect((await steps.entry(deliveries[0] ?? '')).view.isBehind).toBe(true);
    expect(await bench.fail(sent.delivery, token, { ambiguous: true })).toMatchObject({ state: 'cancelled' });
    expect((await steps.entry(deliveries[0] ?? '')).view.isBehind).toBe(false);
    const retried = await requestRetry(bench.sql, 'default', { delivery: parked.delivery });
    expect(retried).toMatchObject([{ state: 'cancelled', changed: false }]);
  });

  it('a delete that is repeated is accepted once', async () => {
    const { message } = await steps.delivered();
    const deletes = await Promise.all(Array.from({ length: 8 }, () => steps.remove(message)));
    expect(new Set(deletes.map((one) => ('id' in one ? one.id : one.outcome))).size).toBe(1);
    expect(deletes.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
    expect(await bench.message(message)).toMatchObject({ version: 1 });
  });

  it('a delete of an uncertain message that had waited looks it up within the time of one retry cycle', async () => {
    const { message, delivery } = await steps.postOne();
    await bench.fail(delivery, await steps.claimed(delivery), { ambiguous: true });
    await waitAtGate(bench.sql, delivery, 'destination:orders', 'paused');
    await end(bench.sql, { delivery, state: 'uncertain', reason: { code: 'may_have_arrived', message: 'Test.' } });
    await bench.sql`
      update deliveries set deadline_at = clock_timestamp(), clock_stopped_at = clock_timestamp() - interval '3 days'
      where id = ${delivery}`;
    accepted(await steps.remove(message));
    await beginLookUp(bench.sql, delivery);
    expect((await steps.entry(delivery)).view.deadlineMs ?? Infinity).toBeLessThanOrEqual(
      retryPolicies.quick.deadlineMs ?? 0,
    );
    expect(await bench.delivery(delivery)).toMatchObject({ clock_stopped_at: null });
  });

  it('a deleted message whose answer is lost is looked up where the platform has a history', async () => {
    const { message, delivery } = await steps.postOne();
    const token = await steps.claimed(delivery);
    accepted(await steps.remove(message));
    const lost = {
      kind: 'failed',
      delivery,
      token,
      outcome: 'ambiguous',
      verdict: { state: 'retrying', delayMs: 60_000, inDoubt: true },
      reason: { code: 'timeout', message: 'no answer' },
    } as const;
    expect(await settle(bench.sql, { ...lost, canLookUp: true })).toMatchObject({ state: 'retrying', delayMs: 1 });
    expect((await steps.entry(delivery)).view).toMatchObject({ isCancelled: true });
  });

  it('a delete ends the hold of its original', async () => {
    const head = await steps.postOne({ conversation: 'held', holdForMs: 3_600_000 });
    const behind = await steps.postOne({ conversation: 'held' });
    await steps.uncertain(head.delivery);
    expect((await steps.entry(behind.delivery)).view.isBehind).toBe(true);
    accepted(await steps.remove(head.message));
    const doubt = { code: 'cancelled_in_doubt', message: 'who knows' } as const;
    const { next } = await end(bench.sql, { delivery: head.delivery, state: 'uncertain', reason: doubt });
    expect(next.map((one) => one.delivery)).toContain(behind.delivery);
    expect((await steps.entry(behind.delivery)).view.isBehind).toBe(false);
  });

  it('a delete lets the next message of the conversation go', async () => {
    const head = await steps.postOne({ conversation: 'calls-next' });
    const behind = await steps.postOne({ conversation: 'calls-next' });
    accepted(await steps.remove(head.message));
    expect(await findNextInLanes(bench.sql, [head.delivery])).toMatchObject([{ delivery: behind.delivery }]);
  });

  it('a retry that waited for a delete does not undo it', async () => {
    const { message, delivery } = await steps.postOne();
    await steps.bring['retrying in doubt'](delivery);
    const { retry } = await bench.sql.begin(async (tx) => {
      accepted(await steps.remove(message, tx as never));
      const waiting = requestRetry(bench.sql, 'default', { delivery });
      await untilSomebodyWaits(bench);
      return { retry: waiting };
    });
    expect(await retry).toMatchObject([{ changed: false }]);
    expect((await steps.entry(delivery)).view.isCancelled).toBe(true);
  });

  it('a deleted message that turned out to be uncertain stays so when the signal of the delete comes', async () => {
    const { message, delivery } = await steps.postOne();
    await steps.uncertain(delivery);
    accepted(await steps.remove(message));
    const doubt = { code: 'cancelled_in_doubt', message: 'who knows' } as const;
    await end(bench.sql, { delivery, state: 'uncertain', reason: doubt });
    await requestCancel(bench.sql, 'default', { message }, true);
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'uncertain' });
    // An operator's cancel changes it.
    await requestCancel(bench.sql, 'default', { message });
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'cancelled' });
  });
});

describe('a cancel', () => {
  it('a cancelled head that turns out to be uncertain lets the next delivery of its lane go', async () => {
    const head = await steps.postOne({ conversation: 'cancelled-head', holdForMs: 3_600_000 });
    const behind = await steps.postOne({ conversation: 'cancelled-head' });
    await steps.bring['retrying in doubt'](head.delivery);
    await requestCancel(bench.sql, 'default', { delivery: head.delivery });
    const reason = { code: 'cancelled_in_doubt', message: 'who knows' } as const;
    const { next } = await end(bench.sql, { delivery: head.delivery, state: 'uncertain', reason });
    expect(next).toMatchObject([{ delivery: behind.delivery }]);
    expect((await steps.entry(behind.delivery)).view.isBehind).toBe(false);
  });
});
