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
const ref = { tenant, connection: 'acme' };

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
  const check = await beginSubscriptionCheck(bench.sql, ref);
  if (check === undefined) throw new Error('the connection is gone');
  await endSubscriptionCheck(bench.sql, ref, check);
}

describe('checks of subscriptions', () => {
  it('a connection with a bridged room is checked, by one worker at a time', async () => {
    expect(await due()).toEqual([]);
    await bridge(['ops', 'far']);
    expect(await due()).toEqual([ref]);
    expect(await due()).toEqual([]);
    await look();
    expect(await due()).toEqual([]);
  });

  it('a change of the configuration leads to another check, also while a check is under way', async () => {
    await bridge(['ops', 'far']);
    const check = await beginSubscriptionCheck(bench.sql, ref);
    await bridge(['ops', 'lab', 'far']);
    if (check !== undefined) await endSubscriptionCheck(bench.sql, ref, check);
    expect(await due()).toEqual([ref]);
  });

  it('a request of the platform leads to another check, also while a check is under way', async () => {
    await bridge(['ops', 'far']);
    await look();
    await askForSubscriptions(bench.sql, ref);
    expect(await due()).toEqual([ref]);
    const check = await beginSubscriptionCheck(bench.sql, ref);
    expect(check).toMatchObject({ isAsked: true, isKnown: false });
    await askForSubscriptions(bench.sql, ref);
    if (check !== undefined) await endSubscriptionCheck(bench.sql, ref, check);
    expect(await due()).toEqual([ref]);
    await look();
    expect(await beginSubscriptionCheck(bench.sql, ref)).toMatchObject({ isAsked: false });
  });

  it('a check that a worker began and did not end is given to a worker again after a minute', async () => {
    await bridge(['ops', 'far']);
    await due();
    await bench.sql`update subscription_checks set started_at = started_at - interval '61 s'`;
    expect(await due()).toEqual([ref]);
  });

  it('a connection that has subscriptions is checked even where no bridge has its rooms any more', async () => {
    await writeSubscriptions(bench.sql, tenant, 'acme', [{ room: 'r', destination: 'ops', state: 'active' }]);
    expect(await due()).toEqual([ref]);
    expect(await listSubscribable(bench.sql, ['webex'], 10, undefined)).toMatchObject([{ ...ref, isKnown: true }]);
  });

  it('a check concerns the rooms of the connection that are members of a bridge', async () => {
    await bridge(['lab', 'ops', 'far']);
    expect(await bridgedAddresses(bench.sql, ref)).toEqual([
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

  it('a connection that does not exist is not checked', async () => {
    expect(await beginSubscriptionCheck(bench.sql, { tenant, connection: 'nobody' })).toBeUndefined();
  });
});

describe('results of a check', () => {
  const list = () => listSubscriptions(bench.sql, tenant, 10, '');
  const goodUntil = new Date('2030-01-01T00:00:00Z');
  const one = { room: 'r', destination: 'ops' };

  it('a subscription that cannot be renewed keeps its end and its last change until a check succeeds', async () => {
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

  it('a room that was silent makes a gap of its connection once its subscription is active again', async () => {
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
    expect([gap, more]).toMatchObject([{ ...ref, doneAt: null }, []]);
    expect(gap!.toAt.getTime() - gap!.fromAt.getTime()).toBeGreaterThanOrEqual(600_000);
    expect(gap!.fromAt.getTime()).toBeGreaterThanOrEqual((keptAt?.getTime() ?? 0) - 600_000);
    expect((await bridgedRooms(bench.sql, gap!.id)).map(({ destination: id }) => id)).toEqual(['lab', 'ops']);
  });

  it('a gap begins at the time from which the platform says that events are missing', async () => {
    await writeSubscriptions(bench.sql, tenant, 'acme', [{ ...one, state: 'active' }]);
    const since = new Date(Date.now() - 14_400_000);
    await askForSubscriptions(bench.sql, ref, since);
    await askForSubscriptions(bench.sql, ref);
    await writeSubscriptions(bench.sql, tenant, 'acme', [{ ...one, state: 'active' }]);
    expect(await listGaps(bench.sql, 10, undefined)).toMatchObject([{ ...ref, fromAt: since }]);
  });

  it('a subscription disappears with its room and with its connection', async () => {
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
