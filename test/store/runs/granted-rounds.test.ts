import { readLedger } from '../../../src/store/ledger/ledger.ts';
import { requestRetry } from '../../../src/store/runs/commands.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

async function attempt(delivery: string, ambiguous: boolean): Promise<void> {
  await bench.fail(delivery, (await bench.claim(delivery))?.token ?? '', { ambiguous });
  await bench.sql`update deliveries set next_attempt_at = null where id = ${delivery}`;
}

async function isManual(delivery: string): Promise<boolean | undefined> {
  return (await readLedger(bench.sql, bench.ring, [delivery]))[0]?.view.isManual;
}

async function inDoubtAndRetried(): Promise<string> {
  const { deliveries } = await bench.post();
  const delivery = deliveries[0] ?? '';
  await attempt(delivery, true);
  expect(await isManual(delivery)).toBe(false);
  await requestRetry(bench.sql, 'default', { delivery });
  expect(await isManual(delivery)).toBe(true);
  return delivery;
}

describe('a retry by an operator of a delivery in doubt', () => {
  it('a delivery in doubt that an operator retried is tried again after a refused attempt', async () => {
    const delivery = await inDoubtAndRetried();
    await attempt(delivery, false);
    expect(await isManual(delivery)).toBe(true);
  });

  it('a delivery that an operator retried is in doubt again when an attempt may have arrived', async () => {
    const delivery = await inDoubtAndRetried();
    await attempt(delivery, true);
    await attempt(delivery, false);
    expect(await isManual(delivery)).toBe(false);
  });
});
