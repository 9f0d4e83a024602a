import { writeBridge } from '../../../src/store/config/bridges.ts';
import { deleteConnection, writeConnection } from '../../../src/store/config/connections.ts';
import { writeDestination } from '../../../src/store/config/destinations.ts';
import {
  askForSubscriptions,
  beginSubscriptionCheck,
  bridgedAddresses,
  endSubscriptionCheck,
  listSubscribable,
  takeDueSubscriptions,
} from '../../../src/store/inbound/subscription-checks.ts';
import { bridgedRooms, listGaps } from '../../../src/store/inbound/gaps.ts';
import { listSubscriptions, markSilent, writeSubscriptions } from '../../../src/store/inbound/subscriptions.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { tenant } from '../old-messages.ts';

let bench: LedgerBench;
const place = { tenant, connection: 'acme' };

async function connection(id: string, connector = 'webex'): Promise<void> {
  await writeConnection(bench.sql, bench.ring, { tenant, id, connector, settings: {}, secrets: {} }, true);
}
beforeEach(async () => {
  bench = await createLedgerBench();
  await connection('acme');
  await connection('other', 'slack');
  for (const [id, at] of [
    ['ops', 'acme'],
    ['lab', 'acme'],
    ['far', 'other'],
  ] as const)
    await destination(id, at);
});
afterEach(() => bench.close());

const usual = {
  retry: null,
  order: 'conversation',
  ambiguous: 'at-least-once',
  timeoutMs: 10_000,
  onParked: 'hold',
  holdForMs: 300_000,
  rate: null,
} as const;
const destination = (id: string, at: string) =>
  writeDestination(bench.sql, { ...usual, tenant, id, connection: at, address: { roomId: id } }, true);
const bridge = (members: string[]) =>
  writeBridge(bench.sql, { tenant, id: 'war-room', members, order: 'thread' }, true);
const due = () => takeDueSubscriptions(bench.sql, ['webex'], 60);
async function look(): Promise<void> {
  const check = await beginSubscriptionCheck(bench.sql, place);
  if (check === undefined) throw new Error('the connection is gone');
  await endSubscriptionCheck(bench.sql, place, check);
}

describe('a look at subscriptions', () => {
  it('is due when a bridge has a room of the connection, once, until it is over', async () => {
    expect(await due()).toEqual([]);
    await bridge(['ops', 'far']);
    expect(await due()).toEqual([place]);
    expect(await due()).toEqual([]);
    await look();
    expect(await due()).toEqual([]);
  });

  it('is due again when the configuration changes, also while it is under way', async () => {
    await bridge(['ops', 'far']);
    const check = await beginSubscriptionCheck(bench.sql, place);
    await bridge(['ops', 'lab', 'far']);
    if (check !== undefined) await endSubscriptionCheck(bench.sql, place, check);
    expect(await due()).toEqual([place]);
  });

  it('is due again when its platform asks for it, also while one is under way', async () => {
    await bridge(['ops', 'far']);
    await look();
    await askForSubscriptions(bench.sql, place);
    expect(await due()).toEqual([place]);
    const check = await beginSubscriptionCheck(bench.sql, place);
    expect(check).toMatchObject({ isAsked: true, isKnown: false });
    await askForSubscriptions(bench.sql, place);
    if (check !== undefined) await endSubscriptionCheck(bench.sql, place, check);
    expect(await due()).toEqual([place]);
    await look();
    expect(await beginSubscriptionCheck(bench.sql, place)).toMatchObject({ isAsked: false });
  });

  it('is given out again when nothing came of it', async () => {
    await bridge(['ops', 'far']);
    await due();
    await bench.sql`update subscription_checks set started_at = started_at - interval '61 s'`;
    expect(await due()).toEqual([place]);
  });

  it('is due of what was kept before, although no bridge has it any more', async () => {
    await writeSubscriptions(bench.sql, tenant, 'acme', [{ room: 'r', destination: 'ops', state: 'active' }]);
    expect(await due()).toEqual([place]);
    expect(await listSubscribable(bench.sql, ['webex'], 10, undefined)).toMatchObject([{ ...place, isKnown: true }]);
  });

  it('knows the rooms by the members of bridges', async () => {
    await bridge(['lab', 'ops', 'far']);
    expect(await bridgedAddresses(bench.sql, place)).toEqual([
      { destination: 'lab', address: { roomId: 'lab' } },
      { destination: 'ops', address: { roomId: 'ops' } },
    ]);
    await connection('zeta');
    await destination('last', 'zeta');
    await bridge(['ops', 'last']);
    const [first, ...more] = await listSubscribable(bench.sql, ['webex'], 1, undefined);
    expect([first?.connection, more]).toEqual(['acme', []]);
    expect(await listSubscribable(bench.sql, ['webex'], 9, first)).toMatchObject([{ connection: 'zeta' }]);
  });

  it('is none of a connection that is gone', async () => {
    expect(await beginSubscriptionCheck(bench.sql, { tenant, connection: 'nobody' })).toBeUndefined();
  });
});

describe('what is written down', () => {
  const list = () => listSubscriptions(bench.sql, tenant, 10, '');
  const goodUntil = new Date('2030-01-01T00:00:00Z');
  const one = { room: 'r', destination: 'ops' };

  it('stays known while it fails, and follows what is found', async () => {
    await writeSubscriptions(bench.sql, tenant, 'acme', [{ ...one, state: 'active', did: 'created', goodUntil }]);
    const [created] = await list();
    expect(created).toMatchObject({ ...one, connection: 'acme', did: 'created', goodUntil, reason: null });
    expect(created?.didAt).toEqual(created?.keptAt);
    const reason = { code: 'http_500', message: 'no' } as const;
    await writeSubscriptions(bench.sql, tenant, 'acme', [{ ...one, state: 'failing', reason }]);
    const { checkedAt: _before, ...known } = created ?? {};
    expect(await list()).toMatchObject([{ ...known, state: 'failing', reason }]);
    const later = new Date('2031-01-01T00:00:00Z');
    await writeSubscriptions(bench.sql, tenant, 'acme', [
      { ...one, state: 'active', did: 'renewed', goodUntil: later },
    ]);
    expect(await list()).toMatchObject([{ state: 'active', did: 'renewed', goodUntil: later, reason: null }]);
  });

  it('is a gap of the connection when what was silent is active again, and no sooner', async () => {
    await bridge(['ops', 'lab', 'far']);
    const gaps = () => listGaps(bench.sql, 10, undefined);
    const write = (state: 'active' | 'failing') => writeSubscriptions(bench.sql, tenant, 'acme', [{ ...one, state }]);
    await markSilent(bench.sql, tenant, 'acme', ['r']);
    await write('active');
    await write('active');
    const [{ keptAt } = {}] = await list();
    await markSilent(bench.sql, tenant, 'acme', ['another']);
    await write('active');
    expect(await gaps()).toEqual([]);
    await markSilent(bench.sql, tenant, 'acme', ['r']);
    await write('failing');
    await markSilent(bench.sql, tenant, 'acme', ['r']);
    expect(await gaps()).toEqual([]);
    await write('active');
    await write('active');
    const [gap, ...more] = await gaps();
    expect([gap, more]).toMatchObject([{ ...place, doneAt: null }, []]);
    expect(gap!.toAt.getTime() - gap!.fromAt.getTime()).toBeGreaterThanOrEqual(600_000);
    expect(gap!.fromAt.getTime()).toBeGreaterThanOrEqual((keptAt?.getTime() ?? 0) - 600_000);
    expect((await bridgedRooms(bench.sql, gap!.id)).map(({ destination: id }) => id)).toEqual(['lab', 'ops']);
  });

  it('is a gap since when the platform says, once it is looked at', async () => {
    await writeSubscriptions(bench.sql, tenant, 'acme', [{ ...one, state: 'active' }]);
    const since = new Date(Date.now() - 14_400_000);
    await askForSubscriptions(bench.sql, place, since);
    await askForSubscriptions(bench.sql, place);
    await writeSubscriptions(bench.sql, tenant, 'acme', [{ ...one, state: 'active' }]);
    expect(await listGaps(bench.sql, 10, undefined)).toMatchObject([{ ...place, fromAt: since }]);
  });

  it('goes with its room, and with its connection', async () => {
    const active = { ...one, state: 'active' } as const;
    await writeSubscriptions(bench.sql, tenant, 'acme', [active, { ...active, room: 's' }]);
    await writeSubscriptions(bench.sql, tenant, 'other', [active]);
    await writeSubscriptions(bench.sql, tenant, 'acme', [{ ...active, room: 's' }]);
    const rooms = (await list()).map(({ connection: at, room }) => `${at} ${room}`);
    expect([...rooms].sort((a, b) => a.localeCompare(b))).toEqual(['acme s', 'other r']);
    await bench.sql`update destinations set deleted_at = clock_timestamp()`;
    await deleteConnection(bench.sql, tenant, 'acme');
    expect((await list()).map(({ connection: at }) => at)).toEqual(['other']);
  });
});
