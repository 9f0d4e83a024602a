import type { InboundEvent } from '../../../src/domain/inbound.ts';
import { listenNow, noteGap } from '../../../src/store/inbound/gaps.ts';
import { complete, finish, leaseEvents, postpone, receive, waitForEvent } from '../../../src/store/inbound/inbox.ts';
import { findLink, linkOrigin, raiseRevision } from '../../../src/store/inbound/links.ts';
import { findPerson, keepPerson } from '../../../src/store/people/people.ts';
import { noteReaction } from '../../../src/store/accept/reactions.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { oldMessages, tenant } from '../old-messages.ts';

let bench: LedgerBench;
beforeEach(async () => void (bench = await createLedgerBench()));
afterEach(() => bench.close());

const connection = 'acme';
const said = (key: string, more: Partial<InboundEvent> = {}) => ({
  event: { key, kind: 'created', room: 'r', nativeId: key, at: new Date().toISOString(), text: key, ...more } as const,
});
const take = async (...arrivals: ReturnType<typeof said>[]) =>
  (await receive(bench.sql, bench.ring, [{ tenant, connection, arrivals }]))[0];
const due = async () => leaseEvents(bench.sql, bench.ring, 10, 30);
const keysOf = (rows: Awaited<ReturnType<typeof due>>) => rows.map(({ event }) => event.key);

describe('inbound events', () => {
  it('an event that a platform sends again is stored once, also among new ones', async () => {
    expect(await take(said('a'), said('b'))).toBe(2);
    expect(await take(said('b'), said('c'))).toBe(1);
    const requests = ['acme', 'another'].map((id) => ({ tenant, connection: id, arrivals: [said('a'), said('d')] }));
    expect(await receive(bench.sql, bench.ring, requests)).toEqual([1, 2]);
    expect(await take()).toBe(0);
  });

  it('a routed event is still known when it comes again, and its content is gone', async () => {
    await take(said('a'));
    const [one] = await due();
    await finish(bench.sql, one?.id ?? '', 'ignored', { reason: { code: 'not_bridged', message: '' } });
    expect(await take(said('a'))).toBe(0);
    expect(await bench.sql`select sealed, due_at, reason->>'code' as code from inbox`).toMatchObject([
      { sealed: null, due_at: null, code: 'not_bridged' },
    ]);
  });

  it('the text of an event is encrypted in the database', async () => {
    await take(said('a', { text: 'a secret word' }));
    const [row] = await bench.sql<{ sealed: Buffer }[]>`select sealed from inbox`;
    expect(row?.sealed.toString('latin1')).not.toContain('secret');
  });

  it('events are routed in their order and by one process, until its lease on them ends', async () => {
    await take(said('a'), said('b'));
    expect(keysOf(await due())).toEqual(['a', 'b']);
    expect(await due()).toEqual([]);
    await bench.sql`update inbox set due_at = clock_timestamp() - interval '1 s'`;
    expect((await due()).map(({ tries }) => tries)).toEqual([2, 2]);
  });

  it('an event waits while an earlier event of its room is being fetched, and not for another room', async () => {
    const first = said('first', { isIncomplete: true });
    await take(first, said('second'), said('elsewhere', { room: 'other' }));
    expect(keysOf(await due())).toEqual(['first', 'elsewhere']);
    const [row] = await bench.sql<{ id: string }[]>`select id from inbox where state = 'fetching'`;
    await complete(bench.sql, bench.ring, row?.id ?? '', { ...first.event, text: 'whole' });
    expect(keysOf(await due())).toEqual(['first', 'second']);
  });

  it('an event whose content is fetched quickly is routed at once, and not a minute later', async () => {
    await take(said('a', { isIncomplete: true }));
    const [one] = await due();
    if (one === undefined) throw new Error('nothing was due');
    await complete(bench.sql, bench.ring, one.id, said('a', { text: 'whole' }).event);
    await postpone(bench.sql, one, 60);
    expect(await due()).toMatchObject([{ state: 'received', event: { text: 'whole' } }]);
  });

  it("an event that arrives late is routed in its order by the platform's clock", async () => {
    const ago = (minutes: number) => ({ at: new Date(Date.now() - minutes * 60_000).toISOString() });
    await take(said('now'), said('b', ago(20)), said('c', ago(10)));
    await take(said('a', ago(30)), said('without a time', { at: 'never' }));
    expect(keysOf(await due())).toEqual(['a', 'b', 'c', 'now', 'without a time']);
  });

  it('an event waits while missed events are read, and is routed after them', async () => {
    await take(said('live'));
    await bench.sql`insert into gaps (from_at, to_at) values (clock_timestamp() - interval '30 minutes', clock_timestamp())`;
    expect(await due()).toEqual([]);
    await take(said('missed', { at: new Date(Date.now() - 60_000).toISOString() }));
    await bench.sql`update gaps set done_at = clock_timestamp()`;
    expect(keysOf(await due())).toEqual(['missed', 'live']);
  });

  it('an event waits for missed events for at most half a minute', async () => {
    await take(said('live'));
    await bench.sql`insert into gaps (from_at, to_at) values (clock_timestamp() - interval '31 minutes', clock_timestamp() - interval '31 seconds')`;
    expect(keysOf(await due())).toEqual(['live']);
  });

  it('an event that waits for a message is routed once that is linked, and holds up no other event', async () => {
    const { id: message } = await bench.post();
    await take(said('reply', { thread: 'root' }), said('next'));
    const [reply] = await due();
    await waitForEvent(bench.sql, reply?.id ?? '', 'root', 3_600);
    await bench.sql`update inbox set due_at = clock_timestamp() + interval '1 hour' where waits_for is not null`;
    await bench.sql`update inbox set due_at = clock_timestamp() where waits_for is null`;
    expect(keysOf(await due())).toEqual(['next']);
    await linkOrigin(bench.sql, { tenant, connection, key: 'root', native: 'root', destination: 'd', message });
    expect(await due()).toMatchObject([{ event: { key: 'reply' }, isOver: false }]);
    await bench.sql`update inbox set wait_until = clock_timestamp() - interval '1 s', due_at = clock_timestamp()`;
    expect((await due()).find(({ event }) => event.key === 'reply')).toMatchObject({ isOver: true });
  });
});

describe('gaps', () => {
  const gaps = async () => bench.sql<{ id: number; done: boolean }[]>`
    select id::int, done_at is not null as done from gaps order by id`;

  it('a time in which no api process listened is recorded as one gap', async () => {
    expect(await noteGap(bench.sql, 60)).toBe(false);
    expect(await listenNow(bench.sql, 60)).toBe(false);
    await bench.sql`update hearing set last_at = clock_timestamp() - interval '30 minutes'`;
    expect(await noteGap(bench.sql, 60)).toBe(true);
    expect(await noteGap(bench.sql, 60)).toBe(false);
    expect(await listenNow(bench.sql, 60)).toBe(false);
    expect(await gaps()).toMatchObject([{ done: false }]);
  });

  it('a gap whose finder never came to listen becomes longer, and is read again', async () => {
    await listenNow(bench.sql, 60);
    await bench.sql`update hearing set last_at = clock_timestamp() - interval '30 minutes'`;
    await noteGap(bench.sql, 60);
    await bench.sql`update gaps set done_at = clock_timestamp(), to_at = clock_timestamp() - interval '5 minutes'`;
    expect(await listenNow(bench.sql, 60)).toBe(true);
    expect(await gaps()).toMatchObject([{ done: false }]);
  });
});

describe('links between posts and messages', () => {
  const link = { tenant, connection, key: 'C1:1', native: 'C1:1:0', destination: 'd' };

  it('a post stays linked to the first message that it was linked to', async () => {
    const [{ id: message }, { id: other }] = [await bench.post(), await bench.post()];
    await linkOrigin(bench.sql, { ...link, message });
    await linkOrigin(bench.sql, { ...link, message: other });
    expect(await findLink(bench.sql, tenant, connection, 'C1:1')).toMatchObject({ message, isOrigin: true });
    expect(await findLink(bench.sql, 'another', connection, 'C1:1')).toBeUndefined();
    expect(await findLink(bench.sql, tenant, 'another', 'C1:1')).toBeUndefined();
  });

  it('an edit that is older than the newest known edit of its post is refused', async () => {
    const { id: message } = await bench.post();
    await linkOrigin(bench.sql, { ...link, message });
    const raise = (revision: string) => raiseRevision(bench.sql, tenant, connection, 'C1:1', revision);
    expect([await raise('2'), await raise('2'), await raise('1'), await raise('3')]).toEqual([true, true, false, true]);
  });

  it('a delivered post is linked with its receipt, and an event that waited for it is routed', async () => {
    const { id: message, deliveries } = await bench.post();
    const delivery = deliveries[0] ?? '';
    await take(said('reply', { thread: 'x' }));
    const [reply] = await due();
    await waitForEvent(bench.sql, reply?.id ?? '', 'C1:7', 3_600);
    await bench.sql`update inbox set due_at = clock_timestamp() + interval '1 hour'`;
    const receipt = { nativeId: 'C1:7:1', at: 'now', link: { connection, key: 'C1:7' } };
    await bench.sql`update deliveries set receipts = ${bench.sql.json([receipt])} where id = ${delivery}`;
    expect(await findLink(bench.sql, tenant, connection, 'C1:7')).toMatchObject({ message, isOrigin: false });
    expect(keysOf(await due())).toEqual(['reply']);
  });
});

it('equal reactions of several people are told apart, so that the first and the last one are known', async () => {
  const { id: message } = await bench.post();
  const note = (person: string, adds: boolean) =>
    noteReaction(bench.sql, { message, emoji: '👍', connection, person }, adds);
  expect(await note('ann', true)).toEqual({ changed: true, others: 0 });
  expect(await note('ann', true)).toEqual({ changed: false, others: 0 });
  expect(await note('ben', true)).toEqual({ changed: true, others: 1 });
  expect([await note('ann', false), await note('ben', false)]).toEqual([
    { changed: true, others: 1 },
    { changed: true, others: 0 },
  ]);
});

it('data about a person is encrypted, belongs to one connection, and expires', async () => {
  const { sql, ring } = bench;
  const by = { email: 'Ann@Example.com' };
  const person = { id: 'U1', name: 'Ann', email: 'ann@example.com' };
  await keepPerson(sql, ring, { tenant, connection, by }, { person }, 60);
  await keepPerson(sql, ring, { tenant, connection, by: { id: 'U9' } }, { person: null }, 60);
  expect(await findPerson(sql, ring, tenant, connection, { email: 'ann@example.com' })).toEqual({ person });
  expect(await findPerson(sql, ring, tenant, connection, { id: 'U9' })).toEqual({ person: null });
  expect(await findPerson(sql, ring, tenant, 'another', by)).toBeUndefined();
  const [row] = await sql<{ text: string }[]>`select string_agg(p::text, ' ') as text from people p`;
  expect(row?.text).not.toMatch(/ann@|Ann/i);
  await sql`update people set expires_at = clock_timestamp()`;
  expect(await findPerson(sql, ring, tenant, connection, by)).toBeUndefined();
});

it('old links, events and people are removed, and an event that is still to be routed stays', async () => {
  const { sql, ring } = bench;
  const old = oldMessages(bench);
  const { id: message } = await bench.post();
  await linkOrigin(sql, { tenant, connection, key: 'old', native: 'old', destination: 'd', message });
  await linkOrigin(sql, { tenant, connection, key: 'young', native: 'young', destination: 'd', message });
  await sql`update links set created_at = created_at - interval '11 days' where key = 'old'`;
  expect((await old.run('links')).removed).toBe(1);
  expect(await findLink(sql, tenant, connection, 'young')).toBeDefined();

  await take(said('done'), said('open'));
  const [done] = await due();
  await finish(sql, done?.id ?? '', 'ignored', {});
  await sql`update inbox set received_at = received_at - interval '11 days'`;
  expect((await old.run('inbox')).removed).toBe(1);

  await keepPerson(sql, ring, { tenant, connection, by: { id: 'U1' } }, { person: null }, -11 * 86_400);
  expect((await old.run('people')).removed).toBe(1);
});
