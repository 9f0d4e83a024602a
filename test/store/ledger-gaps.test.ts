import { release } from '../../src/store/release.ts';
import { recordFound } from '../../src/store/doubt.ts';
import { acceptEdit } from '../../src/store/changes.ts';
import { newMessageId } from '../../src/store/new-id.ts';
import { enterScheduled } from '../../src/store/overdue.ts';
import { rest } from '../../src/store/rest.ts';
import { createLedgerBench, type LedgerBench } from '../support/ledger-bench.ts';

/** What `test/support/ledger-gaps.ts` lists: known to be wrong. One that passes is mended; then it is a test like any other. */
let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

const reason = { code: 'test', message: 'Test.' };

async function lost(): Promise<{ delivery: string; token: string }> {
  const { deliveries } = await bench.post();
  const delivery = deliveries[0] ?? '';
  const token = (await bench.claim(delivery))?.token ?? '';
  await bench.fail(delivery, token, { ambiguous: true, delayMs: 1 });
  await bench.sql`update deliveries set next_attempt_at = null where id = ${delivery}`;
  return { delivery, token };
}

describe('a late success', () => {
  it.failing('is not sent again when the second attempt’s claim is given back', async () => {
    const { delivery, token } = await lost();
    const second = await bench.claim(delivery);
    await bench.deliver(delivery, token);
    await release(bench.sql, delivery, second?.token ?? '');
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'delivered', attempts: 1 });
  });

  it.failing('of what a look-up had found is not doubled', async () => {
    const { delivery, token } = await lost();
    const receipt = { nativeId: 'native', version: 1, attempt: 'look-up' };
    await recordFound(bench.sql, delivery, receipt, 'destination:orders');
    await bench.deliver(delivery, token);
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'delivered', doubled: false });
  });

  it.failing.each(['expired', 'skipped'] as const)('counts after it was %s', async (state) => {
    const { delivery, token } = await lost();
    await rest(bench.sql, { delivery, state, reason });
    await bench.deliver(delivery, token);
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'delivered' });
  });
});

describe('an edit of a scheduled message', () => {
  it.failing('does not stand in the way of what it edits, for ever', async () => {
    const sendAt = new Date(Date.now() + 3_600_000);
    const { id, deliveries } = await bench.post({ conversation: 'later', sendAt });
    const edit = {
      id: newMessageId(),
      tenant: 'default',
      original: id,
      scope: 'api',
      dedupeKey: 'edit-of-later',
      canonicalBody: '{}',
    };
    const accepted = await acceptEdit(bench.sql, bench.ring, { ...edit, content: { text: 'new' }, sender: null });
    if (!('deliveries' in accepted)) throw new Error(accepted.outcome);
    await bench.sql`update messages set send_at = clock_timestamp() where id = ${id}`;
    expect(await enterScheduled(bench.sql)).toBe(true);
    const claims = [deliveries[0] ?? '', accepted.deliveries[0]?.id ?? ''].map((one) => bench.claim(one));
    // The original came into the lane behind its edit, which waits for the original.
    expect((await Promise.all(claims)).filter((claim) => claim !== undefined)).toHaveLength(1);
  });
});
