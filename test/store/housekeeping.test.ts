import { nextStep } from '../../src/domain/step.ts';
import type { RetentionKind } from '../../src/domain/retention.ts';
import type { BatchRequest } from '../../src/store/housekeeping-batch.ts';
import { beginningOfEvents, readEvents, type EventPosition } from '../../src/store/events.ts';
import { listReports, listRetentions, removers } from '../../src/store/housekeeping.ts';
import { readLedger } from '../../src/store/ledger.ts';
import { findWholeMessage } from '../../src/store/messages.ts';
import { requestRetry } from '../../src/store/wishes.ts';
import { eventually } from '../support/eventually.ts';
import { createLedgerBench, type LedgerBench } from '../support/ledger-bench.ts';

let bench: LedgerBench;
beforeEach(async () => void (bench = await createLedgerBench()));
afterEach(() => bench.close());

const tenant = 'default';
const day = 86_400_000;
const removedWithMessage = ['messages', 'deliveries', 'attempts', 'contents'] as const;

/** One batch, of all that is older than ten days unless it says something else. */
function run(kind: RetentionKind, options: Partial<BatchRequest> = {}) {
  const windows = [{ tenant, retention: {}, keepMs: kind === 'dedupe' ? 0 : 10 * day }];
  return removers[kind](bench.sql, { pass: 'pass', windows, after: '', limit: 500, ...options });
}

async function postDelivered(options: Parameters<LedgerBench['post']>[0] = {}) {
  const { id, deliveries } = await bench.post(options);
  for (const delivery of deliveries) await bench.deliver(delivery, (await bench.claim(delivery))?.token ?? '');
  return { id, delivery: deliveries[0] ?? '' };
}

async function postParked() {
  const { id, deliveries } = await bench.post();
  const [delivery = ''] = deliveries;
  await bench.fail(delivery, (await bench.claim(delivery))?.token ?? '', { park: true });
  return { id, delivery };
}

/** Makes a message and all that hangs on it so much older. */
async function age(message: string, days: number): Promise<void> {
  const by = bench.sql`make_interval(secs => ${days * 86_400})`;
  await bench.sql`update messages set received_at = received_at - ${by} where id = ${message}`;
  await bench.sql`update contents set created_at = created_at - ${by} where message = ${message}`;
  await bench.sql`update attempts set started_at = started_at - ${by}
    where delivery in (select id from deliveries where message = ${message})`;
  await bench.sql`update events set at = at - ${by} where message = ${message}`;
  await bench.sql`update dedupe set expires_at = expires_at - ${by} where message = ${message}`;
}

async function rowsOf(message: string): Promise<Record<string, number>> {
  const [row] = await bench.sql<Record<string, number>[]>`
    select (select count(*)::integer from messages where id = ${message}) as messages,
      (select count(*)::integer from deliveries where message = ${message}) as deliveries,
      (select count(*)::integer from attempts a join deliveries d on d.id = a.delivery
        where d.message = ${message}) as attempts,
      (select count(*)::integer from contents where message = ${message} and sealed is not null) as contents,
      (select count(*)::integer from dedupe where message = ${message}) as dedupe,
      (select count(*)::integer from events where message = ${message}) as events`;
  return row ?? {};
}

const all = ['content', 'attempts', 'events', 'dedupe', 'messages'] as const;
/** What each kind takes away from `rowsOf`. */
const takes: Record<RetentionKind, readonly string[]> = {
  content: ['contents'],
  attempts: ['attempts'],
  events: ['events'],
  dedupe: ['dedupe'],
  messages: removedWithMessage,
};

/** Events are removed once no older transaction is open; other databases of this server have some too. */
const untilReadable = () =>
  eventually('events can be read', async () => {
    const [row] = await bench.sql<{ ready: boolean }[]>`
      select coalesce(max(xid) < pg_snapshot_xmin(pg_current_snapshot()), true) as ready from events`;
    return row?.ready;
  });

describe.each(all)('%s', (kind) => {
  const expected = (rows: Record<string, number>) => ({
    ...rows,
    ...Object.fromEntries(takes[kind].map((table) => [table, 0])),
  });

  it('is removed at its window and not before, and nothing else with it', async () => {
    const [old, young] = [await postDelivered(), await postDelivered()];
    await age(old.id, 10.1);
    // The dedupe key is kept for seven days, and its window counts from then on.
    await age(young.id, kind === 'dedupe' ? 6.9 : 9.9);
    const [oldRows, youngRows] = [await rowsOf(old.id), await rowsOf(young.id)];
    await untilReadable();

    await run(kind);
    expect(await rowsOf(young.id)).toEqual(youngRows);
    expect(await rowsOf(old.id)).toEqual(expected(oldRows));
    expect(oldRows).not.toEqual(expected(oldRows));
  });

  it('of a tenant under legal hold is kept', async () => {
    const { id } = await postDelivered();
    await age(id, 100);
    const rows = await rowsOf(id);
    await untilReadable();
    // Set after the windows were read.
    await bench.sql`update tenants set legal_hold = true`;

    expect(await listRetentions(bench.sql)).toEqual([]);
    expect((await run(kind)).removed).toBe(0);
    expect(await rowsOf(id)).toEqual(rows);
    expect(await readEvents(bench.sql, tenant, {}, { xid: 1n, id: 0 }, 10)).toMatchObject({ isExpired: false });
    await bench.sql`update tenants set legal_hold = false`;
    expect((await run(kind)).removed).toBeGreaterThan(0);
  });

  it('of a tenant whose windows have just changed is kept', async () => {
    const { id } = await postDelivered();
    await age(id, 100);
    const rows = await rowsOf(id);
    await untilReadable();
    await bench.sql`update tenants set retention = '{"content": "200d"}'`;
    expect((await run(kind)).removed).toBe(0);
    expect(await rowsOf(id)).toEqual(rows);
  });

  it.each(['queued', 'sending', 'retrying', 'parked', 'uncertain'] as const)(
    'of a message with a delivery that is %s is kept',
    async (state) => {
      const { id, deliveries } = await bench.post({ to: ['orders', 'audit'] });
      const [one = '', other = ''] = deliveries;
      await bench.deliver(one, (await bench.claim(one))?.token ?? '');
      const token = state === 'queued' ? '' : ((await bench.claim(other))?.token ?? '');
      if (state === 'retrying') await bench.fail(other, token);
      if (state === 'parked' || state === 'uncertain') await bench.fail(other, token, { park: true });
      // By no function of the bench, and only the state matters here.
      await bench.sql`alter table deliveries disable trigger user`;
      await bench.sql`update deliveries set state = ${state} where id = ${other}`;
      await bench.sql`alter table deliveries enable trigger user`;
      await age(id, 100);
      const rows = await rowsOf(id);
      await untilReadable();

      expect((await run(kind)).removed).toBe(0);
      expect(await rowsOf(id)).toEqual(rows);
    },
  );

  it('is removed in batches of so many rows, which go on behind each other', async () => {
    const posts = [];
    for (let n = 0; n < 5; n += 1) posts.push(await postDelivered());
    for (const { id } of posts) await age(id, 100);
    await untilReadable();
    const total = kind === 'events' ? (await bench.sql`select from events`).length : 5;

    const counts = [];
    for (let after: string | null = ''; after !== null;) {
      const batch = await run(kind, { after, limit: 2 });
      counts.push(batch.removed);
      after = batch.after;
    }
    expect(Math.max(...counts)).toBe(2);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total);
    const [report] = await listReports(bench.sql, 10, undefined);
    expect(report).toMatchObject({ pass: 'pass', tenant, kind, removed: total });
  });

  it('behind much that must stay is reached', async () => {
    const kept = [];
    for (let n = 0; n < 3; n += 1) kept.push(await postParked());
    const old = await postDelivered();
    for (const { id } of [...kept, old]) await age(id, 100);
    await untilReadable();
    let removed = 0;
    for (let after: string | null = ''; after !== null;) {
      const batch = await run(kind, { after, limit: 2 });
      removed += batch.removed;
      after = batch.after;
    }
    expect(removed).toBeGreaterThan(0);
    const left = await rowsOf(old.id);
    for (const table of takes[kind]) expect([table, left[table]]).toEqual([table, 0]);
  });

  it('is removed once by two passes at the same time', async () => {
    const posts = await Promise.all(Array.from({ length: 20 }, () => postDelivered()));
    for (const { id } of posts) await age(id, 100);
    await untilReadable();
    const total = kind === 'events' ? (await bench.sql`select from events`).length : 20;
    const passes = await Promise.all(['a', 'b', 'c'].map((pass) => run(kind, { pass })));
    const more = await run(kind, { pass: 'd' }); // what was locked by two of them at once
    const counts = [...passes, more].map(({ removed }) => removed);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total);
    const reports = await listReports(bench.sql, 10, undefined);
    expect(reports.reduce((sum, { removed }) => sum + removed, 0)).toBe(total);
  });
});

describe('the report', () => {
  it('has one entry for each pass, tenant and kind, and none where nothing was removed', async () => {
    await run('content', { pass: 'nothing' });
    for (const pass of ['first', 'second', 'second']) {
      const { id } = await postDelivered();
      await age(id, 100);
      await run('content', { pass });
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

describe('content that was erased', () => {
  it('leaves a tombstone with the time, and the message with its deliveries', async () => {
    const { id } = await postDelivered();
    await age(id, 100);
    await run('content');
    const whole = await findWholeMessage(bench.sql, bench.ring, tenant, id);
    expect(whole).toMatchObject({ said: undefined, erasedAt: expect.any(Date), row: { id, state: 'delivered' } });
    expect(whole?.deliveries).toHaveLength(1);
  });

  it('does not jam a run that comes again: there is nothing to do', async () => {
    const { id, delivery } = await postDelivered();
    await age(id, 100);
    await run('content');
    const entry = await readLedger(bench.sql, bench.ring, delivery);
    if (entry === undefined) throw new Error('no entry');
    expect(nextStep(entry.view, { kind: 'C' }, 'at-least-once')).toEqual({ do: 'nothing' });
    expect(entry.message.content.text).toBe('');
  });

  it('never is that of a message which is being retried', async () => {
    const posts = await Promise.all(Array.from({ length: 20 }, () => postParked()));
    for (const { id } of posts) await age(id, 100);
    await Promise.all([
      ...posts.map(({ delivery }) => requestRetry(bench.sql, tenant, { delivery })),
      ...posts.map((_, n) => run('content', { pass: `pass-${n}` })),
    ]);
    for (const { id, delivery } of posts) {
      expect(await bench.delivery(delivery)).toMatchObject({ state: 'queued' });
      expect(await rowsOf(id)).toMatchObject({ contents: 1 });
    }
    await bench.deliver(posts[0]?.delivery ?? '', (await bench.claim(posts[0]?.delivery ?? ''))?.token ?? '');
    expect((await run('content')).removed).toBe(1);
  });
});

describe('events that were removed', () => {
  const read = (after: EventPosition) => readEvents(bench.sql, tenant, {}, after, 100);

  it('expire the cursors before them, and no others', async () => {
    const [old, young] = [await postDelivered(), await postDelivered()];
    await age(old.id, 100);
    await untilReadable();
    const { events } = await read(beginningOfEvents);
    const positionOf = (n: number) => events[n]?.position ?? beginningOfEvents;
    const removed = events.filter(({ message }) => message === old.id).length;
    expect(removed).toBe(3);
    await run('events');

    expect(await read(positionOf(removed - 2))).toMatchObject({ isExpired: true });
    expect(await read(positionOf(removed - 1))).toMatchObject({ isExpired: false });
    const left = await read(beginningOfEvents);
    expect(left.isExpired).toBe(false);
    expect(new Set(left.events.map(({ message }) => message))).toEqual(new Set([young.id]));
  });

  it('do not make older cursors good again when older ones follow', async () => {
    const [parked, newer] = [await postParked(), await postDelivered()];
    for (const { id } of [parked, newer]) await age(id, 100);
    await untilReadable();
    const { events } = await read(beginningOfEvents);
    const cursor = events.find(({ message }) => message === newer.id)?.position ?? beginningOfEvents;
    expect((await run('events')).removed).toBe(3);
    expect(await read(cursor)).toMatchObject({ isExpired: true });
    await bench.sql`update deliveries set state = 'cancelled' where id = ${parked.delivery}`;
    expect((await run('events')).removed).toBe(3);
    expect(await read(cursor)).toMatchObject({ isExpired: true });
  });

  it('are none that nobody could read yet', async () => {
    const open = await bench.sql.reserve();
    try {
      await open`begin`;
      await open`insert into events (tenant, type, data) values (${tenant}, 'carillon.test.open', '{}')`;
      await bench.sql`insert into events (tenant, type, data, at)
        values (${tenant}, 'carillon.test.old', '{}', clock_timestamp() - interval '100 days')`;
      expect((await run('events')).removed).toBe(0);
      await open`commit`;
    } finally {
      open.release();
    }
    await untilReadable();
    expect((await run('events')).removed).toBe(1);
  });
});

describe('a dedupe key', () => {
  it('that comes again after its row was removed is accepted, with a workflow id of its own', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      const { id } = await postDelivered({ dedupeKey: 'again' });
      ids.push(String((await bench.message(id))['workflow_id']));
      await age(id, 8);
      // The second time the row is still there, and its own count goes on.
      if (n !== 1) expect((await run('dedupe')).removed).toBe(1);
    }
    expect(ids.map((id) => id.replace(ids[0] ?? '', ''))).toEqual(['', '.2', '.3', '.4']);
  });

  it('that comes again while its row is removed is accepted once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id: first } = await postDelivered({ dedupeKey: 'race' });
      await age(first, 8);
      const results = await Promise.all([
        ...Array.from({ length: 4 }, () => bench.post({ dedupeKey: 'race' })),
        run('dedupe', { pass: `pass-${round}` }),
        ...Array.from({ length: 4 }, () => bench.post({ dedupeKey: 'race' })),
      ]);
      const ids = new Set(results.flatMap((result) => ('id' in result ? [result.id] : [])));
      expect(ids.size).toBe(1);
      const [id = ''] = ids;
      expect(id).not.toBe(first);
      expect(await rowsOf(id)).toMatchObject({ dedupe: 1, messages: 1 });
      await bench.sql`update deliveries set state = 'cancelled' where message = ${id}`;
      await bench.sql`update dedupe set expires_at = clock_timestamp() - interval '1 s' where message = ${id}`;
    }
  });

  it('that is being taken again at this moment is not waited for, and stays', async () => {
    const { id } = await postDelivered({ dedupeKey: 'held' });
    await age(id, 8);
    const held = await bench.sql.reserve();
    try {
      await held`begin`;
      await held`update dedupe set expires_at = clock_timestamp() + interval '7 days' where message = ${id}`;
      expect((await run('dedupe')).removed).toBe(0);
      await held`commit`;
    } finally {
      held.release();
    }
    expect((await run('dedupe')).removed).toBe(0);
    expect(await rowsOf(id)).toMatchObject({ dedupe: 1 });
  });
});

describe('a message', () => {
  it('of which somebody holds a row is not waited for, and stays whole', async () => {
    const { id, deliveries } = await bench.post({ to: ['orders', 'audit'] });
    for (const delivery of deliveries) await bench.deliver(delivery, (await bench.claim(delivery))?.token ?? '');
    await age(id, 100);
    const rows = await rowsOf(id);
    const held = await bench.sql.reserve();
    try {
      await held`begin`;
      await held`select from deliveries where id = ${deliveries[1] ?? ''} for update`;
      expect((await run('messages')).removed).toBe(0);
      await held`commit`;
    } finally {
      held.release();
    }
    expect(await rowsOf(id)).toEqual(rows);
    expect((await run('messages')).removed).toBe(1);
  });

  it('that went nowhere is removed too', async () => {
    const { id } = await bench.post({ to: [] });
    await age(id, 100);
    expect((await run('messages')).removed).toBe(1);
    expect(await rowsOf(id)).toMatchObject({ messages: 0, contents: 0 });
  });
});
