import { claim } from '../../../src/store/ledger/claim.ts';
import type { Db } from '../../../src/store/db/db.ts';
import { markDispatched, returnLeases } from '../../../src/store/runs/dispatch.ts';
import { returnToDispatcher } from '../../../src/store/waiting/lane.ts';
import { settleDelivered } from '../../../src/store/ledger/settle-delivered.ts';
import { eventually } from '../../support/eventually.ts';
import { claimRequestOf, createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

/** A statement that locks several messages locks the lowest id first. Otherwise two of them could deadlock. */
it.each([
  ['marks messages as dispatched', markDispatched],
  ['gives leases back', returnLeases],
  ['returns messages to the dispatcher', returnToDispatcher],
])(
  'a statement that %s waits for the message with the lowest id, and locks no other one meanwhile',
  async (_what, move) => {
    const first = await bench.post();
    const second = await bench.post();
    for (const { id } of [second, first])
      await bench.sql`update messages set lease_until = now(), set_aside = true where id = ${id}`;
    // A scan of the table reads the second message first.
    const read = await bench.sql`select id from messages where id in (${first.id}, ${second.id}) order by ctid`;
    expect(read.map((row) => row['id'])).toEqual([second.id, first.id]);
    await expectToLockFirst('messages', first.id, second.id, (other) => move(other, [second.id, first.id]));
  },
);

/** Expects that the statement waits for the row `first` before it locks `second`. */
async function expectToLockFirst(
  table: 'messages' | 'deliveries',
  first: string,
  second: string,
  move: (other: Db) => Promise<unknown>,
): Promise<void> {
  let moving: Promise<unknown> = Promise.resolve();
  await bench.sql.begin(async (tx) => {
    await tx`select from ${bench.sql(table)} where id = ${first} for update`;
    moving = bench.sql.begin(async (other) => {
      await other`set local enable_indexscan = off`;
      await other`set local enable_bitmapscan = off`;
      await move(other);
    });
    await eventually('it waits', async () => {
      const [waiting] = await bench.sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return waiting !== undefined;
    });
    await tx`select from ${bench.sql(table)} where id = ${second} for update nowait`;
  });
  await moving;
}

const success = ({ delivery, token }: { delivery: string; token: string }) => ({
  kind: 'delivered' as const,
  delivery,
  token,
  receipt: { nativeId: `native of ${delivery}`, version: 1, attempt: token },
});

/** A statement that locks several deliveries keeps the same order. */
it('claims and settles of several deliveries wait for the lowest id, and lock no other one meanwhile', async () => {
  const [first = '', second = ''] = [...(await bench.post()).deliveries, ...(await bench.post()).deliveries].sort();
  const requests = [second, first].map(claimRequestOf);
  // A scan of the table reads the second delivery first, too.
  for (const id of [second, first]) await bench.sql`update deliveries set due_at = due_at where id = ${id}`;
  await expectToLockFirst('deliveries', first, second, (other) => claim(other, requests));
  expect(await bench.delivery(first)).toMatchObject({ state: 'sending' });
  for (const id of [second, first]) await bench.sql`update deliveries set due_at = due_at where id = ${id}`;
  await expectToLockFirst('deliveries', first, second, (other) => settleDelivered(other, requests.map(success)));
  expect(await bench.delivery(second)).toMatchObject({ state: 'delivered' });
});
