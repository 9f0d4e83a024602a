import { nextStep } from '../../../src/domain/step.ts';
import { beginningOfEvents, readEvents, type EventPosition } from '../../../src/store/read/events.ts';
import { readLedger } from '../../../src/store/ledger/ledger.ts';
import { findWholeMessage } from '../../../src/store/read/messages.ts';
import { requestRetry } from '../../../src/store/runs/commands.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { oldMessages, tenant, type OldMessages } from '../old-messages.ts';

let bench: LedgerBench;
let old: OldMessages;
beforeEach(async () => {
  bench = await createLedgerBench();
  old = oldMessages(bench);
});
afterEach(() => bench.close());

describe('erased content', () => {
  it('a message whose content was erased still shows its deliveries and the time of erasure', async () => {
    const { id } = await old.postDelivered();
    await old.age(id, 100);
    await old.run('content');
    const whole = await findWholeMessage(bench.sql, bench.ring, tenant, id);
    expect(whole).toMatchObject({ said: undefined, erasedAt: expect.any(Date), row: { id, state: 'delivered' } });
    expect(whole?.deliveries).toHaveLength(1);
  });

  it('a run of a message whose content was erased finds nothing to do, and ends', async () => {
    const { id, delivery } = await old.postDelivered();
    await old.age(id, 100);
    await old.run('content');
    const [entry] = await readLedger(bench.sql, bench.ring, [delivery]);
    if (entry === undefined) throw new Error('no entry');
    expect(nextStep(entry.view, { kind: 'C' }, 'at-least-once')).toEqual({ do: 'nothing' });
    expect(entry.message.content.text).toBe('');
  });

  it('the content of a parked message that is retried at the same moment is not erased', async () => {
    const posts = await Promise.all(Array.from({ length: 20 }, () => old.postParked()));
    for (const { id } of posts) await old.age(id, 100);
    await Promise.all([
      ...posts.map(({ delivery }) => requestRetry(bench.sql, tenant, { delivery })),
      ...posts.map((_, n) => old.run('content', { pass: `pass-${n}` })),
    ]);
    for (const { id, delivery } of posts) {
      expect(await bench.delivery(delivery)).toMatchObject({ state: 'queued' });
      expect(await old.rowsOf(id)).toMatchObject({ contents: 1 });
    }
    await bench.deliver(posts[0]?.delivery ?? '', (await bench.claim(posts[0]?.delivery ?? ''))?.token ?? '');
    expect((await old.run('content')).removed).toBe(1);
  });
});

describe('removed events', () => {
  const read = (after: EventPosition) => readEvents(bench.sql, tenant, {}, after, 100);

  it('a cursor before a removed event has expired, and a later cursor has not', async () => {
    const [aged, young] = [await old.postDelivered(), await old.postDelivered()];
    await old.age(aged.id, 100);
    await old.untilReadable();
    const { events } = await read(beginningOfEvents);
    const positionOf = (n: number) => events[n]?.position ?? beginningOfEvents;
    const removed = events.filter(({ message }) => message === aged.id).length;
    expect(removed).toBe(3);
    await old.run('events');

    expect(await read(positionOf(removed - 2))).toMatchObject({ isExpired: true });
    expect(await read(positionOf(removed - 1))).toMatchObject({ isExpired: false });
    const left = await read(beginningOfEvents);
    expect(left.isExpired).toBe(false);
    expect(new Set(left.events.map(({ message }) => message))).toEqual(new Set([young.id]));
  });

  it('an expired cursor stays expired when older events are removed later', async () => {
    const [parked, newer] = [await old.postParked(), await old.postDelivered()];
    for (const { id } of [parked, newer]) await old.age(id, 100);
    await old.untilReadable();
    const { events } = await read(beginningOfEvents);
    const cursor = events.find(({ message }) => message === newer.id)?.position ?? beginningOfEvents;
    expect((await old.run('events')).removed).toBe(3);
    expect(await read(cursor)).toMatchObject({ isExpired: true });
    await bench.sql`update deliveries set state = 'cancelled' where id = ${parked.delivery}`;
    expect((await old.run('events')).removed).toBe(3);
    expect(await read(cursor)).toMatchObject({ isExpired: true });
  });

  it('an event that readers could not see yet is not removed', async () => {
    const open = await bench.sql.reserve();
    try {
      await open`begin`;
      await open`insert into events (tenant, type, data) values (${tenant}, 'carillon.test.open', '{}')`;
      await bench.sql`insert into events (tenant, type, data, at)
        values (${tenant}, 'carillon.test.old', '{}', clock_timestamp() - interval '100 days')`;
      expect((await old.run('events')).removed).toBe(0);
      await open`commit`;
    } finally {
      open.release();
    }
    await old.untilReadable();
    expect((await old.run('events')).removed).toBe(1);
  });
});

describe('removed dedupe keys', () => {
  it('a dedupe key that is used again after its removal makes a new message with its own workflow id', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      const { id } = await old.postDelivered({ dedupeKey: 'again' });
      ids.push(String((await bench.message(id))['workflow_id']));
      await old.age(id, 8);
      // When n is 1 the row stays, so the next post counts its generation up.
      if (n !== 1) expect((await old.run('dedupe')).removed).toBe(1);
    }
    expect(ids.map((id) => id.replace(ids[0] ?? '', ''))).toEqual(['', '.2', '.3', '.4']);
  });

  it('a dedupe key that several posts use while it is removed makes one message', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id: first } = await old.postDelivered({ dedupeKey: 'race' });
      await old.age(first, 8);
      const results = await Promise.all([
        ...Array.from({ length: 4 }, () => bench.post({ dedupeKey: 'race' })),
        old.run('dedupe', { pass: `pass-${round}` }),
        ...Array.from({ length: 4 }, () => bench.post({ dedupeKey: 'race' })),
      ]);
      const ids = new Set(results.flatMap((result) => ('id' in result ? [result.id] : [])));
      expect(ids.size).toBe(1);
      const [id = ''] = ids;
      expect(id).not.toBe(first);
      expect(await old.rowsOf(id)).toMatchObject({ dedupe: 1, messages: 1 });
      await bench.sql`update deliveries set state = 'cancelled' where message = ${id}`;
      await bench.sql`update dedupe set expires_at = clock_timestamp() - interval '1 s' where message = ${id}`;
    }
  });

  it('a dedupe key that a post uses again is not removed, and housekeeping does not wait for it', async () => {
    const { id } = await old.postDelivered({ dedupeKey: 'held' });
    await old.age(id, 8);
    const held = await bench.sql.reserve();
    try {
      await held`begin`;
      await held`update dedupe set expires_at = clock_timestamp() + interval '7 days' where message = ${id}`;
      expect((await old.run('dedupe')).removed).toBe(0);
      await held`commit`;
    } finally {
      held.release();
    }
    expect((await old.run('dedupe')).removed).toBe(0);
    expect(await old.rowsOf(id)).toMatchObject({ dedupe: 1 });
  });
});

describe('removed messages', () => {
  it('a message with a locked delivery is kept whole, and housekeeping does not wait for the lock', async () => {
    const { id, deliveries } = await bench.post({ to: ['orders', 'audit'] });
    for (const delivery of deliveries) await bench.deliver(delivery, (await bench.claim(delivery))?.token ?? '');
    await old.age(id, 100);
    const rows = await old.rowsOf(id);
    const held = await bench.sql.reserve();
    try {
      await held`begin`;
      await held`select from deliveries where id = ${deliveries[1] ?? ''} for update`;
      expect((await old.run('messages')).removed).toBe(0);
      await held`commit`;
    } finally {
      held.release();
    }
    expect(await old.rowsOf(id)).toEqual(rows);
    expect((await old.run('messages')).removed).toBe(1);
  });

  it('an old message without deliveries is removed too', async () => {
    const { id } = await bench.post({ to: [] });
    await old.age(id, 100);
    expect((await old.run('messages')).removed).toBe(1);
    expect(await old.rowsOf(id)).toMatchObject({ messages: 0, contents: 0 });
  });
});
