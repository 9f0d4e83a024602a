import { createLedger } from '../../src/deliver/ledger.ts';
import { claimRequestOf, createLedgerBench, type LedgerBench } from '../support/ledger-bench.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

/** Runs `does` for the delivery in each statement that changes its state. */
async function whenever(delivery: string, name: string, does: string): Promise<void> {
  await bench.sql.unsafe(
    `create function ${name}() returns trigger language plpgsql as $$ begin ${does} return new; end $$`,
  );
  await bench.sql.unsafe(
    `create trigger ${name} before update of state on deliveries for each row
     when (new.id = '${delivery}') execute function ${name}()`,
  );
}

describe('claims at the same time', () => {
  it('a claim is granted although another claim in the same statement finds its lane taken', async () => {
    const [head = ''] = (await bench.post({ conversation: 'busy' })).deliveries;
    const [behind = ''] = (await bench.post({ conversation: 'busy' })).deliveries;
    const [free = ''] = (await bench.post()).deliveries;
    await bench.claim(head);
    // This has the effect of a head that is claimed just after the statement looked at the lane.
    await bench.sql`update deliveries set lane = 'other' where id = ${behind}`;
    await whenever(behind, 'busy_again', `new.lane := 'busy';`);
    const calls = createLedger(bench.sql, bench.ring, () => undefined);
    const [taken, goes] = await Promise.all([behind, free].map((id) => calls.claim(claimRequestOf(id))));
    expect(taken).toBeUndefined();
    expect(goes).toMatchObject({ delivery: free, attempt: 1 });
  });

  it('a claim is granted although another claim in the same statement fails', async () => {
    const [good = ''] = (await bench.post()).deliveries;
    const [bad = ''] = (await bench.post()).deliveries;
    await bench.sql`create sequence tries`;
    // The first try ends with a deadlock, so that each claim is tried alone. The second one fails for another reason.
    const deadlock = `raise exception using errcode = case nextval('tries') when 1 then '40P01' else 'P0001' end;`;
    await whenever(bad, 'fail_again', deadlock);
    const calls = createLedger(bench.sql, bench.ring, () => undefined);
    const [had, failed] = await Promise.allSettled([good, bad].map((id) => calls.claim(claimRequestOf(id))));
    expect(had).toMatchObject({ status: 'fulfilled', value: { delivery: good } });
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'P0001' } });
    expect(await bench.delivery(good)).toMatchObject({ state: 'sending' });
    expect(await bench.delivery(bad)).toMatchObject({ state: 'queued', attempts: 0 });
  });
});
