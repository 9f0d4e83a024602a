import { readEvents } from '../../../src/store/read/events.ts';
import { listReports, listRetentions } from '../../../src/store/housekeeping/housekeeping.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { oldMessages, tenant, type OldMessages } from '../old-messages.ts';

let bench: LedgerBench;
let old: OldMessages;
beforeEach(async () => {
  bench = await createLedgerBench();
  old = oldMessages(bench);
});
afterEach(() => bench.close());

const removedWithMessage = ['messages', 'deliveries', 'attempts', 'contents'] as const;
const all = ['content', 'attempts', 'events', 'dedupe', 'messages'] as const;
/** The tables of `rowsOf` from which each kind removes rows. */
const takes: Record<(typeof all)[number], readonly string[]> = {
  content: ['contents'],
  attempts: ['attempts'],
  events: ['events'],
  dedupe: ['dedupe'],
  messages: removedWithMessage,
};

describe.each(all)('housekeeping of %s', (kind) => {
  const expected = (rows: Record<string, number>) => ({
    ...rows,
    ...Object.fromEntries(takes[kind].map((table) => [table, 0])),
  });

  it('data is removed when its window has passed and not before, and no other data is', async () => {
    const [aged, young] = [await old.postDelivered(), await old.postDelivered()];
    await old.age(aged.id, 10.1);
    // A dedupe key expires after seven days, and its window, which is 0, counts from then on.
    await old.age(young.id, kind === 'dedupe' ? 6.9 : 9.9);
    const [oldRows, youngRows] = [await old.rowsOf(aged.id), await old.rowsOf(young.id)];
    await old.untilReadable();

    await old.run(kind);
    expect(await old.rowsOf(young.id)).toEqual(youngRows);
    expect(await old.rowsOf(aged.id)).toEqual(expected(oldRows));
    expect(oldRows).not.toEqual(expected(oldRows));
  });

  it('data of a tenant under legal hold is kept', async () => {
    const { id } = await old.postDelivered();
    await old.age(id, 100);
    const rows = await old.rowsOf(id);
    await old.untilReadable();
    // The legal hold is set after the windows were read.
    await bench.sql`update tenants set legal_hold = true`;

    expect(await listRetentions(bench.sql)).toEqual([]);
    expect((await old.run(kind)).removed).toBe(0);
    expect(await old.rowsOf(id)).toEqual(rows);
    expect(await readEvents(bench.sql, tenant, {}, { xid: 1n, id: 0 }, 10)).toMatchObject({ isExpired: false });
    await bench.sql`update tenants set legal_hold = false`;
    expect((await old.run(kind)).removed).toBeGreaterThan(0);
  });

  it('nothing is removed by a window that the tenant has just changed', async () => {
    const { id } = await old.postDelivered();
    await old.age(id, 100);
    const rows = await old.rowsOf(id);
    await old.untilReadable();
    await bench.sql`update tenants set retention = '{"content": "200d"}'`;
    expect((await old.run(kind)).removed).toBe(0);
    expect(await old.rowsOf(id)).toEqual(rows);
  });

  it.each(['queued', 'sending', 'retrying', 'parked', 'uncertain'] as const)(
    'data of a message with a delivery that is %s is kept',
    async (state) => {
      const { id, deliveries } = await bench.post({ to: ['orders', 'audit'] });
      const [one = '', other = ''] = deliveries;
      await bench.deliver(one, (await bench.claim(one))?.token ?? '');
      const token = state === 'queued' ? '' : ((await bench.claim(other))?.token ?? '');
      if (state === 'retrying') await bench.fail(other, token);
      if (state === 'parked' || state === 'uncertain') await bench.fail(other, token, { park: true });
      // No function of the bench brings a delivery into each of these states, and only the state matters here.
      await bench.sql`alter table deliveries disable trigger user`;
      await bench.sql`update deliveries set state = ${state} where id = ${other}`;
      await bench.sql`alter table deliveries enable trigger user`;
      await old.age(id, 100);
      const rows = await old.rowsOf(id);
      await old.untilReadable();

      expect((await old.run(kind)).removed).toBe(0);
      expect(await old.rowsOf(id)).toEqual(rows);
    },
  );

  it('each batch looks at a limited number of rows, and the next one continues after them', async () => {
    const posts = [];
    for (let n = 0; n < 5; n += 1) posts.push(await old.postDelivered());
    for (const { id } of posts) await old.age(id, 100);
    await old.untilReadable();
    const total = kind === 'events' ? (await bench.sql`select from events`).length : 5;

    const counts = [];
    for (let after: string | null = ''; after !== null;) {
      const batch = await old.run(kind, { after, limit: 2 });
      counts.push(batch.removed);
      after = batch.after;
    }
    expect(Math.max(...counts)).toBe(2);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total);
    const [report] = await listReports(bench.sql, 10, undefined);
    expect(report).toMatchObject({ pass: 'pass', tenant, kind, removed: total });
  });

  it('data is removed although more rows that must stay come before it than a batch looks at', async () => {
    const kept = [];
    for (let n = 0; n < 3; n += 1) kept.push(await old.postParked());
    const last = await old.postDelivered();
    for (const { id } of [...kept, last]) await old.age(id, 100);
    await old.untilReadable();
    let removed = 0;
    for (let after: string | null = ''; after !== null;) {
      const batch = await old.run(kind, { after, limit: 2 });
      removed += batch.removed;
      after = batch.after;
    }
    expect(removed).toBeGreaterThan(0);
    const left = await old.rowsOf(last.id);
    for (const table of takes[kind]) expect([table, left[table]]).toEqual([table, 0]);
  });

  it('passes that run at the same time remove and report each row once', async () => {
    const posts = await Promise.all(Array.from({ length: 20 }, () => old.postDelivered()));
    for (const { id } of posts) await old.age(id, 100);
    await old.untilReadable();
    const total = kind === 'events' ? (await bench.sql`select from events`).length : 20;
    const passes = await Promise.all(['a', 'b', 'c'].map((pass) => old.run(kind, { pass })));
    const more = await old.run(kind, { pass: 'd' }); // removes rows that the three passes skipped as locked
    const counts = [...passes, more].map(({ removed }) => removed);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total);
    const reports = await listReports(bench.sql, 10, undefined);
    expect(reports.reduce((sum, { removed }) => sum + removed, 0)).toBe(total);
  });
});

describe('reports of housekeeping', () => {
  it('each pass reports once for each tenant and kind, and not where it removed nothing', async () => {
    await old.run('content', { pass: 'nothing' });
    for (const pass of ['first', 'second', 'second']) {
      const { id } = await old.postDelivered();
      await old.age(id, 100);
      await old.run('content', { pass });
    }
    const reports = await listReports(bench.sql, 10, undefined);
    expect(reports).toMatchObject([
      { pass: 'second', kind: 'content', removed: 2 },
      { pass: 'first', kind: 'content', removed: 1 },
    ]);
    expect(reports[0]?.endedAt.getTime()).toBeGreaterThan(reports[0]?.startedAt.getTime() ?? Infinity);
    expect(await listReports(bench.sql, 10, reports[0]?.id)).toMatchObject([{ pass: 'first' }]);
  });
});
