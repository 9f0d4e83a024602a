import { connect } from '../../../src/store/db/db.ts';
import { requestRetry } from '../../../src/store/runs/commands.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { changeSteps } from '../change-steps.ts';

let bench: LedgerBench;
let steps: ReturnType<typeof changeSteps>;
beforeAll(async () => {
  bench = await createLedgerBench();
  steps = changeSteps(bench);
});
afterAll(() => bench.close());

describe('changes of one message at the same time', () => {
  it('settles, edits, deletes and commands of the same messages never deadlock, and lose nothing', async () => {
    const name = 'deadlock hunt';
    const sql = connect(bench.url, { name, max: 24, statementTimeoutMs: 10_000 });
    for (let round = 0; round < 12; round += 1) {
      const conversation = round % 2 === 0 ? `hunt ${round}` : null;
      const { id, deliveries } = await bench.post({ to: ['orders', 'audit'], conversation });
      const attempt = async (delivery: string, n: number) => {
        const claim = await bench.claim(delivery);
        if (claim === undefined) return;
        if (n % 3 === 0) await bench.deliver(delivery, claim.token);
        else await bench.fail(delivery, claim.token, { park: n % 3 === 1, ambiguous: n % 2 === 0 });
      };
      const work = [
        ...deliveries.map((delivery, n) => attempt(delivery, round + n)),
        ...Array.from({ length: 4 }, (_, n) => steps.edit(id, `text ${n}`, undefined, sql)),
        ...deliveries.map((delivery) => requestRetry(sql, 'default', { delivery })),
        ...(round % 3 === 0 ? [steps.remove(id, sql), steps.remove(id, sql)] : []),
        ...deliveries.map((delivery, n) => attempt(delivery, round + n + 1)),
        bench.post({ to: ['orders', 'audit'], conversation, thread: id }),
      ];
      await Promise.all(work);
      // In whatever order they came, each open delivery has a time for the sweep, and the counts are right.
      const rows = await bench.sql`
        select m.id, m.open_count, count(d.id) filter (where d.state in ('queued', 'waiting', 'sending', 'retrying'))::integer as open,
          count(d.id) filter (where d.due_at is null and d.state in ('queued', 'waiting', 'sending', 'retrying'))::integer as forgotten
        from messages m left join deliveries d on d.message = m.id
        where m.id = ${id} or m.refers_to = ${id} group by m.id`;
      for (const { open_count: counted, open, forgotten } of rows) expect([counted, forgotten]).toEqual([open, 0]);
    }
    await sql.end(); // sessions report their statistics when they end
    const [row] = await bench.sql`select deadlocks from pg_stat_database where datname = current_database()`;
    expect(Number(row?.['deadlocks'])).toBe(0);
  }, 60_000);
});
