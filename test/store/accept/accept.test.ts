import { leaseMessages, markDispatched, returnLeases } from '../../../src/store/runs/dispatch.ts';
import { checkKeyRing, newKeyRingEntry, open, parseKeyRing, seal } from '../../../src/store/db/key-ring.ts';
import { readLedger } from '../../../src/store/ledger/ledger.ts';
import { migrate } from '../../../src/store/db/migrate.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

describe('accepting', () => {
  it('fifty posts with the same key at once store one message', async () => {
    const posts = await Promise.all(Array.from({ length: 50 }, () => bench.post({ dedupeKey: 'fifty' })));
    expect(new Set(posts.map(({ id }) => id)).size).toBe(1);
    expect(await bench.sql`select from messages where dedupe_key = 'fifty'`).toHaveLength(1);
  });

  it('a post with the same key and another body is a conflict, and stores nothing', async () => {
    await bench.post({ dedupeKey: 'other', canonicalBody: '{"a":1}' });
    await expect(bench.post({ dedupeKey: 'other', canonicalBody: '{"a":2}' })).rejects.toThrow('conflict');
    expect(await bench.sql`select from messages where dedupe_key = 'other'`).toHaveLength(1);
  });

  it('a post with an expired key makes a new message with its own workflow id', async () => {
    const first = await bench.post({ dedupeKey: 'again', to: [] });
    await bench.sql`update dedupe set expires_at = clock_timestamp() - interval '1 s' where message = ${first.id}`;
    const second = await bench.post({ dedupeKey: 'again', to: [] });
    const [a, b] = [await bench.message(first.id), await bench.message(second.id)];
    expect(b['workflow_id']).toBe(`${String(a['workflow_id'])}.2`);
  });

  it('a post with an expired key answers with the first message while that is open', async () => {
    const first = await bench.post({ dedupeKey: 'open' });
    await bench.sql`update dedupe set expires_at = clock_timestamp() - interval '1 s' where message = ${first.id}`;
    expect((await bench.post({ dedupeKey: 'open' })).id).toBe(first.id);
  });

  it('a post with an expired key answers with the first message while a delivery of it is parked', async () => {
    const first = await bench.post({ dedupeKey: 'parked' });
    const claim = await bench.claim(first.deliveries[0] ?? '');
    await bench.fail(first.deliveries[0] ?? '', claim?.token ?? '', { park: true });
    await bench.sql`update dedupe set expires_at = clock_timestamp() - interval '1 s' where message = ${first.id}`;
    expect((await bench.post({ dedupeKey: 'parked' })).id).toBe(first.id);
  });

  it('a post with a plan from an older configuration stores nothing', async () => {
    await expect(bench.post({ dedupeKey: 'stale', configVersion: 0 })).rejects.toThrow('stale');
    expect(
      await bench.sql`select from dedupe where expires_at is not null and message in (
      select id from messages where dedupe_key = 'stale')`,
    ).toHaveLength(0);
  });

  it('messages that one conversation gets at once are numbered without gaps', async () => {
    const posts = await Promise.all(Array.from({ length: 20 }, () => bench.post({ conversation: 'counted', to: [] })));
    const rows = await bench.sql<{ sequence: number }[]>`
      select sequence from messages where id = any(${posts.map(({ id }) => id)}) order by sequence`;
    expect(rows.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it('the text of a message is encrypted in the database', async () => {
    const { id, deliveries } = await bench.post({ content: { text: 'the secret word is swordfish' } });
    const [row] = await bench.sql<{ sealed: Buffer }[]>`select sealed from contents where message = ${id}`;
    expect(row?.sealed.includes('swordfish')).toBe(false);
    const [entry] = await readLedger(bench.sql, bench.ring, deliveries);
    expect(entry?.message.content.text).toContain('swordfish');
  });
});

describe('the queue of the dispatcher', () => {
  it('a message is leased to one worker, the critical one first, and again when its lease is returned', async () => {
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    const low = await bench.post({ priority: 'low' });
    const critical = await bench.post({ priority: 'critical' });
    const lease = async (limit = 10, room = 1_000) => (await leaseMessages(bench.sql, limit, room)).leased;
    const [one, two] = await Promise.all([lease(1), lease(1)]);
    expect(new Set([...one, ...two].map(({ message }) => message))).toEqual(new Set([low.id, critical.id]));
    await returnLeases(bench.sql, [low.id, critical.id]);
    const [first] = await lease(1);
    expect(first?.message).toBe(critical.id);
    await returnLeases(bench.sql, [critical.id]);
    await markDispatched(bench.sql, [low.id, critical.id]);
    expect(await lease()).toEqual([]);
  });

  it('a message that waits for its turn is not leased, and no message is while there is no room', async () => {
    await bench.sql`update messages set dispatched_at = clock_timestamp()`;
    const first = await bench.post({ conversation: 'held' });
    await bench.post({ conversation: 'held' });
    expect((await leaseMessages(bench.sql, 10, 0)).leased).toEqual([]);
    expect((await leaseMessages(bench.sql, 10, 1_000)).leased.map(({ message }) => message)).toEqual([first.id]);
  });
});

describe('the key ring', () => {
  const one = newKeyRingEntry('one');
  const two = newKeyRingEntry('two');

  it('a key ring opens data that an older key of the ring has sealed', () => {
    const sealed = seal(parseKeyRing(one), 'here', 'text');
    expect(open(parseKeyRing(`${two}\n${one}`), 'here', sealed)).toBe('text');
  });

  it('sealed data does not open for another owner, with another key, or after a change', () => {
    const sealed = seal(parseKeyRing(one), 'here', 'text');
    expect(() => open(parseKeyRing(one), 'there', sealed)).toThrow('can’t be opened'.replace('’', "'"));
    expect(() => open(parseKeyRing(two), 'here', sealed)).toThrow('not in the ring');
    sealed[sealed.length - 1]! ^= 1;
    expect(() => open(parseKeyRing(one), 'here', sealed)).toThrow("can't be opened");
  });

  it('a key ring that cannot open the stored data is refused', async () => {
    await checkKeyRing(bench.sql, parseKeyRing(one));
    await checkKeyRing(bench.sql, parseKeyRing(`${two},${one}`));
    await expect(checkKeyRing(bench.sql, parseKeyRing(two))).rejects.toThrow('key one, which is not in the ring');
    await expect(checkKeyRing(bench.sql, parseKeyRing(newKeyRingEntry('one')))).rejects.toThrow("can't be opened");
  });

  it('an error in the key ring names the wrong entry without showing it', () => {
    expect(() => parseKeyRing(`${one},two:c2hvcnQ=`)).toThrow('entry 2');
    expect(() => parseKeyRing('')).toThrow('no key');
  });
});

describe('migrating', () => {
  it('a second migration changes nothing', async () => {
    expect(await migrate(bench.url)).toEqual([]);
  });

  it('a migration refuses an edited file and a newer database', async () => {
    await bench.sql`update migrations set hash = 'x' where number = 1`;
    await expect(migrate(bench.url)).rejects.toThrow('was changed after it was applied');
    await bench.sql`update migrations set number = 999, name = '0999_future.sql' where number = 1`;
    await expect(migrate(bench.url)).rejects.toThrow('0999_future.sql, which this version does not know');
  });
});
