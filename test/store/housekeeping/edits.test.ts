import type { RetentionKind } from '../../../src/domain/retention.ts';
import { eventually } from '../../support/eventually.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { accepted, changeSteps } from '../change-steps.ts';
import { oldMessages, type OldMessages } from '../old-messages.ts';

let bench: LedgerBench;
let old: OldMessages;
let steps: ReturnType<typeof changeSteps>;
beforeEach(async () => {
  bench = await createLedgerBench();
  old = oldMessages(bench);
  steps = changeSteps(bench);
});
afterEach(() => bench.close());

/** Runs a batch that reads the messages as they are now, and continues after `meanwhile`. */
async function removeSlowly(kind: RetentionKind, meanwhile: () => Promise<unknown>) {
  // A batch first asks for the time. This function of the same name answers only when the lock is free.
  await bench.sql`create schema slow`;
  await bench.sql`
    create function slow.clock_timestamp() returns timestamptz language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(1);
      return pg_catalog.clock_timestamp();
    end $$`;
  let removing: ReturnType<OldMessages['run']> | undefined;
  await bench.sql.begin(async (holder) => {
    await holder`select pg_advisory_xact_lock(1)`;
    removing = bench.sql.begin(async (tx) => {
      await tx`set local search_path to slow, public, pg_catalog`;
      return oldMessages({ ...bench, sql: tx as unknown as LedgerBench['sql'] }).run(kind);
    }) as ReturnType<OldMessages['run']>;
    await eventually('the batch has begun', async () => {
      const [waiting] = await bench.sql`select from pg_locks where locktype = 'advisory' and not granted`;
      return waiting !== undefined;
    });
    await meanwhile();
  });
  return removing;
}

it.each(['content', 'attempts', 'events', 'messages'] as const)(
  'housekeeping of %s leaves a message alone while an edit of it is still to be sent',
  async (kind) => {
    const { message } = await steps.delivered();
    const edit = accepted(await steps.edit(message, 'new'));
    await old.age(message, 100);
    const rows = await old.rowsOf(message);
    await old.untilReadable();
    expect((await old.run(kind)).removed).toBe(0);
    expect(await old.rowsOf(message)).toEqual(rows);
    await bench.deliver(edit.delivery, (await bench.claim(edit.delivery))?.token ?? '');
    await old.untilReadable();
    expect((await old.run(kind)).removed).toBeGreaterThan(0);
  },
);

it.each([
  ['an edit', (message: string) => steps.edit(message, 'new')],
  ['a delete', (message: string) => steps.remove(message)],
])('%s that is accepted while housekeeping removes its message keeps the message', async (_what, change) => {
  const { message } = await steps.delivered();
  await old.age(message, 100);
  let delivery = '';
  const batch = await removeSlowly('messages', async () => {
    ({ delivery } = accepted(await change(message)));
  });
  expect(batch?.removed).toBe(0);
  expect(await steps.entry(delivery)).toMatchObject({ original: { state: 'delivered' } });
  expect(await steps.entry(delivery)).toMatchObject({ message: { refersTo: message } });
});
