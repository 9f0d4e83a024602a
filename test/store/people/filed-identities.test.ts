import { writeFiledIdentities } from '../../../src/store/people/filed-identities.ts';
import { listIdentities, writeIdentity } from '../../../src/store/people/identities.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';

let bench: LedgerBench;
beforeEach(async () => void (bench = await createLedgerBench()));
afterEach(() => bench.close());

const tenant = 'default';
const account = (person: string) => ({ connection: 'acme', person });
const filed = (id: string, ...people: string[]) => ({ id, tenant, name: null, accounts: people.map(account) });
const stored = async () => {
  const rows = await listIdentities(bench.sql, tenant, 10, '');
  return Object.fromEntries(rows.map(({ id, accounts }) => [id, accounts.map(({ person }) => person)]));
};

describe('identities of the identities file', () => {
  it('an identity disappears when the file no longer has it, and identities of the API stay', async () => {
    await writeIdentity(bench.sql, tenant, { id: 'cleo', name: null, accounts: [account('U9')] });
    expect(await writeFiledIdentities(bench.sql, [filed('ann', 'U1', 'U2'), filed('ben', 'U3')])).toBe(0);
    expect(await stored()).toEqual({ ann: ['U1', 'U2'], ben: ['U3'], cleo: ['U9'] });
    expect(await writeFiledIdentities(bench.sql, [filed('ann', 'U2', 'U3')])).toBe(1);
    expect(await stored()).toEqual({ ann: ['U2', 'U3'], cleo: ['U9'] });
    expect(await writeFiledIdentities(bench.sql, [])).toBe(1);
    expect(await stored()).toEqual({ cleo: ['U9'] });
  });

  it('the file takes accounts from identities of the API, and the API takes identities over', async () => {
    await writeIdentity(bench.sql, tenant, { id: 'cleo', name: null, accounts: [account('U1'), account('U2')] });
    await writeFiledIdentities(bench.sql, [filed('ann', 'U1')]);
    expect(await stored()).toEqual({ ann: ['U1'], cleo: ['U2'] });
    await writeIdentity(bench.sql, tenant, { id: 'ann', name: null, accounts: [account('U1')] });
    await writeFiledIdentities(bench.sql, []);
    expect(await stored()).toEqual({ ann: ['U1'], cleo: ['U2'] });
  });
});
