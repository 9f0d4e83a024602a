import { untilSomebodyWaits } from '../../api/lock-wait.ts';
import { retryPolicies } from '../../../src/domain/retry.ts';
import type { ChangeResult } from '../../../src/store/accept/changes.ts';
import { recordFound } from '../../../src/store/ledger/doubt.ts';
import { waitForTurn } from '../../../src/store/waiting/lane.ts';
import { newMessageId } from '../../../src/store/db/new-id.ts';
import { enterScheduled } from '../../../src/store/runs/overdue.ts';
import { end } from '../../../src/store/ledger/end.ts';
import { settle } from '../../../src/store/ledger/settle.ts';
import { requestRetry } from '../../../src/store/runs/commands.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { accepted, changeSteps } from '../change-steps.ts';

let bench: LedgerBench;
let steps: ReturnType<typeof changeSteps>;
beforeAll(async () => {
  bench = await createLedgerBench();
  steps = changeSteps(bench);
});
afterAll(() => bench.close());

describe('an edit', () => {
  it('twelve edits at once get twelve versions, and the newest version is the one that is sent', async () => {
    const { message } = await steps.delivered({ conversation: 'edits' });
    const edits = await Promise.all(Array.from({ length: 12 }, (_, n) => steps.edit(message, `text ${n}`)));
    const versions = await Promise.all(edits.map(async (one) => (await bench.message(accepted(one).id))['version']));
    expect(versions.sort((left, right) => Number(left) - Number(right))).toEqual(
      Array.from({ length: 12 }, (_, n) => n + 2),
    );
    expect(await bench.message(message)).toMatchObject({ version: 13 });
    const last = await steps.entry(accepted(edits[0] as ChangeResult).delivery);
    expect(last).toMatchObject({ version: 13, action: 'edit', original: { state: 'delivered', shownVersion: 1 } });
    expect(last.message).toMatchObject({ type: 'message.edited', refersTo: message });
  });

  it('an edit that is repeated with its key is accepted once, and with another text it is a conflict', async () => {
    const { message } = await steps.delivered();
    const edits = await Promise.all(Array.from({ length: 12 }, () => steps.edit(message, 'once', 'same')));
    expect(new Set(edits.map((one) => ('id' in one ? one.id : one.outcome))).size).toBe(1);
    expect(edits.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
    expect(edits.filter(({ outcome }) => outcome === 'duplicate')).toHaveLength(11);
    expect(await bench.message(message)).toMatchObject({ version: 2 });
    expect(await steps.edit(message, 'twice', 'same')).toMatchObject({ outcome: 'conflict' });
  });

  it('an edit that loses a race for its version gets the next one, and leaves no stray key', async () => {
    const { message } = await steps.delivered();
    const late = await bench.sql.begin(async (tx) => {
      await tx`update messages set version = 2 where id = ${message}`;
      const waiting = steps.edit(message, 'late');
      await untilSomebodyWaits(bench);
      return { waiting };
    });
    accepted(await late.waiting);
    expect(await bench.message(message)).toMatchObject({ version: 3 });
    const rows = await bench.sql`
      select from dedupe d where scope = ${`api:edit:${message}`} and not exists (select from messages m where m.id = d.message)`;
    expect(rows).toHaveLength(0);
  });

  it("an edit of a deleted or unknown message, another tenant's message, or another edit is refused", async () => {
    const { message } = await steps.delivered();
    const first = accepted(await steps.edit(message, 'new'));
    expect(await steps.edit(first.id, 'edit of an edit')).toEqual({ outcome: 'is-a-change', of: message });
    expect(await steps.edit(newMessageId(), 'unknown')).toEqual({ outcome: 'not-found' });
    expect(await steps.remove(message, bench.sql, 'other')).toEqual({ outcome: 'not-found' });
    accepted(await steps.remove(message));
    expect(await steps.edit(message, 'too late')).toEqual({ outcome: 'deleted' });
    expect(await steps.remove(first.id)).toEqual({ outcome: 'is-a-change', of: message });
  });

  it.each(['cancelled', 'expired'] as const)('an edit of a message that is %s goes nowhere', async (state) => {
    const { message, delivery } = await steps.postOne();
    await steps.bring[state](delivery);
    const { id, deliveries } = accepted(await steps.edit(message, 'nobody has it'));
    expect(deliveries).toEqual([]);
    expect(await bench.message(id)).toMatchObject({ state: 'delivered', open_count: 0 });
  });

  it('an edit waits until its original is delivered, and goes with the newest text', async () => {
    const { message, delivery } = await steps.postOne({ conversation: 'waits' });
    const token = await steps.claimed(delivery);
    const one = accepted(await steps.edit(message, 'newer'));
    expect((await steps.entry(one.delivery)).view.isBehind).toBe(true);
    expect(await bench.claim(one.delivery)).toBeUndefined();
    expect(await waitForTurn(bench.sql, one.delivery)).toBe(true);
    const { next } = await bench.deliver(delivery, token);
    expect(next).toMatchObject([{ delivery: one.delivery, message: one.id }]);
    const found = await steps.entry(one.delivery);
    expect(found).toMatchObject({ view: { isBehind: false }, original: { posts: ['native'], shownVersion: 1 } });
    expect(found.message.content.text).toBe('newer');
  });

  it('an edit whose text went out with an earlier edit has nothing to do', async () => {
    const { message } = await steps.delivered();
    const first = accepted(await steps.edit(message, 'two'));
    const second = accepted(await steps.edit(message, 'three'));
    expect((await steps.entry(second.delivery)).view.isBehind).toBe(true);
    const token = await steps.claimed(first.delivery);
    await settle(bench.sql, {
      kind: 'delivered',
      delivery: first.delivery,
      token,
      receipt: { nativeId: 'native', version: 3, attempt: token },
    });
    expect(await steps.entry(second.delivery)).toMatchObject({ version: 3, original: { shownVersion: 3 } });
  });

  it("an edit goes in its conversation's lane, or without a conversation in a lane of its message", async () => {
    const talking = await steps.delivered({ conversation: 'talk' });
    const alone = await steps.delivered();
    const [inTalk, inOwn] = [
      accepted(await steps.edit(talking.message, 'a')),
      accepted(await steps.edit(alone.message, 'b')),
    ];
    expect(await bench.delivery(inTalk.delivery)).toMatchObject({ lane: 'talk', sequence: 2 });
    expect(await bench.delivery(inOwn.delivery)).toMatchObject({ lane: `refers:${alone.message}`, sequence: 2 });
    const deleted = accepted(await steps.remove(alone.message));
    expect(await bench.delivery(deleted.delivery)).toMatchObject({ lane: `refers:${alone.message}`, sequence: 3 });
  });

  it('an edit of a scheduled message holds up nothing, and the message goes out with the new text', async () => {
    const scheduled = await steps.postOne({ conversation: 'later', sendAt: new Date(Date.now() + 3_600_000) });
    const change = accepted(await steps.edit(scheduled.message, 'newer'));
    const between = await steps.postOne({ conversation: 'later' });
    expect((await steps.entry(between.delivery)).view.isBehind).toBe(false);
    await bench.deliver(between.delivery, await steps.claimed(between.delivery));
    await bench.sql`update messages set send_at = clock_timestamp() where id = ${scheduled.message}`;
    expect(await enterScheduled(bench.sql)).toBe(true);
    const found = await steps.entry(scheduled.delivery);
    expect(found).toMatchObject({ version: 2, view: { isBehind: false } });
    expect((await steps.entry(change.delivery)).view.isBehind).toBe(true);
  });

  it('edits of a scheduled message without a lane go in their order', async () => {
    const plan = {
      destination: 'orders',
      via: 'request',
      policy: retryPolicies.quick,
      timeoutMs: 1_000,
      holdForMs: null,
    };
    const unordered = { conversation: 'unordered', deliveries: [{ ...plan, inLane: false }] };
    const { message, delivery } = await steps.postOne({ ...unordered, sendAt: new Date() });
    expect(await enterScheduled(bench.sql)).toBe(true);
    await bench.deliver(delivery, await steps.claimed(delivery));
    const changes = [accepted(await steps.edit(message, 'two')), accepted(await steps.edit(message, 'three'))];
    expect((await steps.entry(changes[1]?.delivery ?? '')).view.isBehind).toBe(true);
  });

  it('an event reports an edit with the message that it refers to', async () => {
    const { message } = await steps.delivered();
    const { id } = accepted(await steps.edit(message, 'new'));
    expect(await bench.sql`select type, data from events where message = ${id}`).toEqual([
      { type: 'carillon.message.accepted', data: { type: 'message.edited', refersTo: message } },
    ]);
  });

  it('an edit that parked because its original was uncertain is retried with it', async () => {
    const { message, delivery } = await steps.postOne();
    await steps.uncertain(delivery);
    const change = accepted(await steps.edit(message, 'new'));
    const reason = { code: 'original_uncertain', message: 'who knows' } as const;
    await end(bench.sql, { delivery: change.delivery, state: 'parked', reason });
    const commanded = await requestRetry(bench.sql, 'default', { delivery });
    expect(commanded.filter(({ changed }) => changed).map(({ id }) => id)).toEqual([delivery, change.delivery]);
    expect((await steps.entry(delivery)).view).toMatchObject({ isManual: true, isBehind: false });
    expect((await steps.entry(change.delivery)).view).toMatchObject({ isManual: false, isBehind: true });
  });
});

describe('a scheduled message', () => {
  it('a scheduled message does not go when the earlier message of its conversation is delivered', async () => {
    const first = await steps.postOne({ conversation: 'calls' });
    const scheduled = await steps.postOne({ conversation: 'calls', sendAt: new Date(Date.now() + 3_600_000) });
    await bench.deliver(first.delivery, await steps.claimed(first.delivery));
    expect((await steps.entry(scheduled.delivery)).view.isBehind).toBe(true);
    expect(await bench.claim(scheduled.delivery)).toBeUndefined();
  });

  it('a scheduled message gets one sequence also where several processes let it enter', async () => {
    const due = new Date(Date.now() + 3_600_000);
    const { message, delivery } = await steps.postOne({ conversation: 'once-in', sendAt: due });
    await bench.sql`update messages set send_at = clock_timestamp() where id = ${message}`;
    await Promise.all(Array.from({ length: 6 }, () => enterScheduled(bench.sql)));
    const { sequence } = await bench.message(message);
    expect(await bench.delivery(delivery)).toMatchObject({ sequence });
  });
});

describe('a reply', () => {
  it('a reply to an edit is a reply to the edited message', async () => {
    const { message, delivery } = await steps.delivered();
    const { id } = accepted(await steps.edit(message, 'new'));
    const reply = await steps.postOne({ thread: id });
    expect(await bench.message(reply.message)).toMatchObject({ thread: message });
    expect(await bench.delivery(reply.delivery)).toMatchObject({ depends_on: delivery });
  });

  it('a reply waits for its parent for a limited time', async () => {
    const parent = await steps.postOne();
    const reply = await steps.postOne({ thread: parent.message });
    expect(await bench.claim(reply.delivery)).toBeUndefined();
    await bench.sql`update deliveries set depends_until = clock_timestamp() where id = ${reply.delivery}`;
    expect(await bench.claim(reply.delivery)).toBeDefined();
  });

  it('a delivery that a look-up found says what was left out of it', async () => {
    const { delivery } = await steps.postOne();
    await steps.uncertain(delivery, true);
    const receipt = { nativeId: 'C1:1.1', version: 1, attempt: 'look-up' };
    const degraded = { code: 'thread_missing', message: 'It was posted outside a thread.' } as const;
    await recordFound(bench.sql, delivery, receipt, 'destination:orders', [degraded]);
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'delivered', degraded: [degraded] });
  });
});
