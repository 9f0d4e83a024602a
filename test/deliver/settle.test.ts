import { createLedger } from '../../src/deliver/ledger.ts';
import { settleOrHandOver } from '../../src/deliver/settle.ts';
import type { Settlement } from '../../src/store/ledger/settle.ts';
import { createLedgerBench, type LedgerBench } from '../support/ledger-bench.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

/** A claimed delivery whose settle is refused with this SQLSTATE so many times. */
async function refusedSettle(sqlstate: string, times: number) {
  const [delivery = ''] = (await bench.post()).deliveries;
  const token = (await bench.claim(delivery))?.token ?? '';
  const name = `refuse_${sqlstate}`;
  await bench.sql.unsafe(`
    create sequence ${name};
    create function ${name}() returns trigger language plpgsql as $$ begin
      if nextval('${name}') <= ${times} then raise exception using errcode = '${sqlstate}'; end if;
      return new; end $$;
    create trigger ${name} before update of state on deliveries for each row
      when (new.id = '${delivery}') execute function ${name}()`);
  const receipt = { nativeId: 'n1', version: 1, attempt: token };
  const settlement: Settlement = { kind: 'delivered', delivery, token, receipt };
  const ledger = createLedger(bench.sql, bench.ring, () => undefined);
  return { delivery, settled: settleOrHandOver({ ledger }, settlement) };
}

describe('the settle of an attempt', () => {
  it.each([
    ['whose disk is full', '53100'],
    ['that is read-only after a failover', '25006'],
    ['that gave it up for a deadlock', '40P01'],
  ])('is repeated at a PostgreSQL %s, so that the outcome is not lost', async (_, sqlstate) => {
    const { delivery, settled } = await refusedSettle(sqlstate, 3);
    expect(await settled).toMatchObject({ written: { state: 'delivered' } });
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'delivered' });
  });

  it('is handed to the caller where PostgreSQL refuses it for 3.5 s, without the words of the platform', async () => {
    const { settled, delivery } = await refusedSettle('53200', 1_000);
    expect(await settled).toMatchObject({ unsettled: { kind: 'delivered', delivery } });
    expect(await bench.delivery(delivery)).toMatchObject({ state: 'sending' });
  });

  it('fails at once where PostgreSQL will always refuse it', async () => {
    await expect((await refusedSettle('P0001', 1_000)).settled).rejects.toMatchObject({ code: 'P0001' });
  });
});
