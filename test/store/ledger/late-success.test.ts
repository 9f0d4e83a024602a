import { recordFound } from '../../../src/store/ledger/doubt.ts';
import { release } from '../../../src/store/ledger/release.ts';
import { end } from '../../../src/store/ledger/end.ts';
import { settle } from '../../../src/store/ledger/settle.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

/** Posts a delivery whose first attempt's answer was lost and that may be sent again now. */
async function lost(conversation: string | null = null): Promise<{ delivery: string; token: string }> {
  const { deliveries } = await bench.post({ conversation });
  const delivery = deliveries[0] ?? '';
  const token = (await bench.claim(delivery))?.token ?? '';
  await bench.fail(delivery, token, { ambiguous: true, delayMs: 1 });
  await bench.sql`update deliveries set next_attempt_at = null where id = ${delivery}`;
  return { delivery, token };
}

describe('a late success', () => {
  it("a delivery with a late success is not sent again when the second attempt's claim is released", async () => {
    const { delivery, token } = await lost();
    const second = await bench.claim(delivery);
    await bench.deliver(delivery, token);
    await release(bench.sql, delivery, second?.token ?? '');
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'delivered', attempts: 1 });
  });

  it('the next delivery of the lane goes when a claim is released after a late success', async () => {
    const { delivery, token } = await lost('given-back');
    const next = await bench.post({ conversation: 'given-back' });
    const second = await bench.claim(delivery);
    await bench.deliver(delivery, token);
    expect(await release(bench.sql, delivery, second?.token ?? '')).toMatchObject([{ delivery: next.deliveries[0] }]);
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'delivered', doubt_since: null, doubt_until: null });
  });

  it('a late success of a delivery that a look-up has found does not make it doubled', async () => {
    const { delivery, token } = await lost();
    const receipt = { nativeId: 'native', version: 1, attempt: 'look-up' };
    await recordFound(bench.sql, delivery, receipt, 'destination:orders');
    await bench.deliver(delivery, token);
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'delivered', doubled: false });
  });

  it.each(['expired', 'skipped'] as const)('a late success counts after the delivery was %s', async (state) => {
    const { delivery, token } = await lost();
    await end(bench.sql, { delivery, state, reason: { code: 'http_500', message: 'Test.' } });
    await bench.deliver(delivery, token);
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'delivered' });
  });
});

describe('a lapsed claim', () => {
  it('a lapsed claim that two processes notice is recorded once and not as late', async () => {
    const delivery = (await bench.post()).deliveries[0] ?? '';
    const token = (await bench.claim(delivery))?.token ?? '';
    for (let noticed = 0; noticed < 2; noticed += 1)
      await settle(bench.sql, {
        kind: 'failed',
        delivery,
        token,
        outcome: 'unknown',
        verdict: { state: 'retrying', delayMs: 1, inDoubt: true },
        reason: { code: 'worker_lost', message: 'Test.' },
      });
    expect(await bench.sql`select outcome, late from attempts where id = ${token}`).toMatchObject([
      { outcome: 'unknown', late: false },
    ]);
  });
});
