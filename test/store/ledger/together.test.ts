import { claim } from '../../../src/store/ledger/claim.ts';
import { readLedger, readLedgerOf } from '../../../src/store/ledger/ledger.ts';
import { settleAll } from '../../../src/store/ledger/settle.ts';
import type { DeliveredSettlement } from '../../../src/store/ledger/settle-delivered.ts';
import { claimRequestOf, createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

const success = (delivery: string, token: string, healthy?: 'destination:orders'): DeliveredSettlement => ({
  kind: 'delivered',
  delivery,
  token,
  receipt: { nativeId: `native of ${delivery}`, version: 1, attempt: token },
  ...(healthy === undefined ? {} : { healthy }),
});

const events = (message: string) =>
  bench.sql<{ type: string }[]>`select type from events where message = ${message} order by xid, id`.then((rows) =>
    rows.map(({ type }) => type),
  );

describe('deliveries of several messages in one statement', () => {
  it('deliveries in one statement are claimed and settled as if alone, and each message ends once', async () => {
    const posts = await Promise.all([1, 2, 3].map(() => bench.post({ to: ['orders', 'audit'] })));
    const deliveries = posts.flatMap((post) => post.deliveries);
    expect((await readLedger(bench.sql, bench.ring, deliveries)).map(({ id }) => id)).toEqual([...deliveries].sort());
    const ofTwo = await readLedgerOf(bench.sql, bench.ring, [posts[0]?.id ?? '', posts[2]?.id ?? '']);
    expect(ofTwo.map(({ message }) => message.id)).toEqual([posts[0], posts[0], posts[2], posts[2]].map((p) => p?.id));

    const requests = deliveries.map(claimRequestOf);
    const claims = await claim(bench.sql, requests);
    expect(new Set(claims.map(({ token }) => token))).toEqual(new Set(requests.map(({ token }) => token)));
    // All deliveries are settled but one of the last message.
    const settlements = requests.slice(0, -1).map(({ delivery, token }) => success(delivery, token));
    const settled = await settleAll(bench.sql, settlements);
    expect(settled.map(({ state }) => state)).toEqual(settlements.map(() => 'delivered'));

    const messages = await Promise.all(posts.map(({ id }) => bench.message(id)));
    expect(messages.map(({ state, open_count: open }) => [state, open])).toEqual([
      ['delivered', 0],
      ['delivered', 0],
      ['delivering', 1],
    ]);
    const told = ['carillon.delivery.delivered', 'carillon.delivery.delivered', 'carillon.message.delivered'];
    expect((await events(posts[1]?.id ?? '')).slice(-3)).toEqual(told);
    expect(await events(posts[2]?.id ?? '')).not.toContain('carillon.message.delivered');
    for (const { delivery } of settlements)
      expect(await bench.delivery(delivery)).toMatchObject({ receipts: [{ nativeId: `native of ${delivery}` }] });
  });

  it('a late success in one statement with others counts, and the others are settled', async () => {
    const [one, other] = [await bench.post(), await bench.post()];
    const [first = '', second = ''] = [...one.deliveries, ...other.deliveries];
    const [old, current] = [claimRequestOf(first), claimRequestOf(second)];
    await claim(bench.sql, [old, current]);
    await bench.fail(first, old.token, { ambiguous: true, delayMs: 60_000 });
    const settled = await settleAll(bench.sql, [success(first, old.token), success(second, current.token)]);
    expect(settled.map(({ state }) => state)).toEqual(['delivered', 'delivered']);
    expect(await bench.delivery(first)).toMatchObject({ state: 'delivered', doubled: false });
    const late = await bench.sql`select late from attempts where id in (${old.token}, ${current.token}) order by id`;
    expect(late.map((row) => row['late'])).toContain(false);
  });

  it('one statement claims one delivery of each lane, and each settle names the next of its own lane', async () => {
    const lanes = ['red', 'blue'];
    const posts = [];
    for (const conversation of [...lanes, ...lanes]) posts.push(await bench.post({ conversation }));
    const requests = posts.flatMap(({ deliveries }) => deliveries).map(claimRequestOf);
    const claims = await claim(bench.sql, requests);
    const [red, blue] = requests;
    expect(new Set(claims.map(({ token }) => token))).toEqual(new Set([red?.token, blue?.token]));
    const settled = await settleAll(
      bench.sql,
      [blue, red].map((request) => success(request?.delivery ?? '', request?.token ?? '')),
    );
    expect(settled.map(({ next }) => next.map(({ message }) => message))).toEqual([[posts[3]?.id], [posts[2]?.id]]);
  });
});
