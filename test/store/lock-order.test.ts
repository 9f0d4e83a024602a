import { markDispatched, returnLeases } from '../../src/store/dispatch.ts';
import { bringBack } from '../../src/store/lane.ts';
import { eventually } from '../support/eventually.ts';
import { createLedgerBench, type LedgerBench } from '../support/ledger-bench.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

/** Who locks several messages takes the lowest id first, or two of them could wait for each other for ever. */
it.each([
  ['marks them dispatched', markDispatched],
  ['gives their leases back', returnLeases],
  ['brings them back', bringBack],
])('a statement that %s waits for the first message by id, and holds no other meanwhile', async (_what, move) => {
  const first = await bench.post();
  const second = await bench.post();
  for (const { id } of [second, first])
    await bench.sql`update messages set lease_until = now(), set_aside = true where id = ${id}`;
  // As the table is read from its beginning to its end, the second one comes first.
  const read = await bench.sql`select id from messages where id in (${first.id}, ${second.id}) order by ctid`;
  expect(read.map((row) => row['id'])).toEqual([second.id, first.id]);
  let moving: Promise<unknown> = Promise.resolve();
  await bench.sql.begin(async (tx) => {
    await tx`select from messages where id = ${first.id} for update`;
    moving = bench.sql.begin(async (other) => {
      await other`set local enable_indexscan = off`;
      await other`set local enable_bitmapscan = off`;
      await move(other, [second.id, first.id]);
    });
    await eventually('it waits', async () => {
      const [waiting] = await bench.sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return waiting !== undefined;
    });
    await tx`select from messages where id = ${second.id} for update nowait`;
  });
  await moving;
});
