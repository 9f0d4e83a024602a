import type { GaveUp } from '../../../src/domain/failure.ts';
import { end } from '../../../src/store/ledger/end.ts';
import { release } from '../../../src/store/ledger/release.ts';
import { settle } from '../../../src/store/ledger/settle.ts';
import { requestCancel, requestRetry } from '../../../src/store/runs/commands.ts';
import { waitAtGate } from '../../../src/store/waiting/wait.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

async function postOne(): Promise<string> {
  const { deliveries } = await bench.post();
  return deliveries[0] ?? '';
}

async function claimed(delivery: string): Promise<string> {
  const claim = await bench.claim(delivery);
  if (claim === undefined) throw new Error('not claimed');
  return claim.token;
}

/** What `nextStep` asks for when a delivery has no attempt or no time left. */
const parkAs = (delivery: string, gaveUp: GaveUp & ('attempts_exhausted' | 'deadline_exceeded')) =>
  end(bench.sql, { delivery, state: 'parked', reason: { code: gaveUp, message: 'No further attempt.' }, gaveUp });

describe('the reason of a parked delivery', () => {
  it.each(['attempts_exhausted', 'deadline_exceeded', 'permanent'] as const)(
    'says the answer to the attempt that parked it, and %s',
    async (why) => {
      const delivery = await postOne();
      const reason = { code: 'http_503', message: 'the receiver is down', status: 503 } as const;
      await settle(bench.sql, {
        kind: 'failed',
        delivery,
        token: await claimed(delivery),
        outcome: why === 'permanent' ? 'permanent' : 'transient',
        verdict: { state: 'parked', why, inDoubt: false },
        reason,
      });
      expect(await bench.delivery(delivery)).toMatchObject({ state: 'parked', reason: { ...reason, gaveUp: why } });
    },
  );

  it('says the last answer if the delivery was given up while it waited', async () => {
    const delivery = await postOne();
    await bench.fail(delivery, await claimed(delivery));
    await waitAtGate(bench.sql, delivery, 'destination:orders', 'breaker');
    await parkAs(delivery, 'deadline_exceeded');
    const { reason } = await bench.delivery(delivery);
    expect(reason).toEqual({ code: 'http_500', message: 'no', status: 500, gaveUp: 'deadline_exceeded' });
  });

  it('says that an attempt may have arrived', async () => {
    const delivery = await postOne();
    await bench.fail(delivery, await claimed(delivery), { ambiguous: true });
    await parkAs(delivery, 'attempts_exhausted');
    const { reason } = await bench.delivery(delivery);
    expect(reason).toMatchObject({ code: 'http_500', message: 'no (An attempt may have arrived.)' });
  });

  it('says only why it was given up if no attempt had an answer', async () => {
    const delivery = await postOne();
    await release(bench.sql, delivery, await claimed(delivery));
    await parkAs(delivery, 'deadline_exceeded');
    const { reason } = await bench.delivery(delivery);
    expect(reason).toEqual({ code: 'deadline_exceeded', message: 'No further attempt.', gaveUp: 'deadline_exceeded' });
  });

  it('does not say the failure of a part that has arrived since', async () => {
    const delivery = await postOne();
    await bench.fail(delivery, await claimed(delivery));
    await bench.deliver(delivery, await claimed(delivery));
    await bench.sql`alter table deliveries disable trigger user`;
    await bench.sql`update deliveries set state = 'retrying' where id = ${delivery}`;
    await bench.sql`alter table deliveries enable trigger user`;
    await parkAs(delivery, 'deadline_exceeded');
    expect(await bench.delivery(delivery)).toMatchObject({ reason: { code: 'deadline_exceeded' } });
  });

  it('is in the event that tells of it', async () => {
    const delivery = await postOne();
    await bench.fail(delivery, await claimed(delivery), { park: true });
    const events = await bench.sql<{ reason: unknown }[]>`
      select data->'reason' as reason from events where delivery = ${delivery} and type = 'carillon.delivery.parked'`;
    expect(events).toEqual([{ reason: { code: 'http_500', message: 'no', status: 500, gaveUp: 'permanent' } }]);
  });

  it('is gone after a retry', async () => {
    const delivery = await postOne();
    await bench.fail(delivery, await claimed(delivery), { park: true });
    await requestRetry(bench.sql, 'default', { delivery });
    await bench.fail(delivery, await claimed(delivery));
    const { reason } = await bench.delivery(delivery);
    expect(reason).toEqual({ code: 'http_500', message: 'no', status: 500 });
  });
});

describe('a delivery that was cancelled while it was sent', () => {
  it('does not say that it was given up', async () => {
    const delivery = await postOne();
    const token = await claimed(delivery);
    await requestCancel(bench.sql, 'default', { delivery });
    await bench.fail(delivery, token, { park: true });
    const { state, reason } = await bench.delivery(delivery);
    expect({ state, reason }).toEqual({ state: 'cancelled', reason: { code: 'http_500', message: 'no', status: 500 } });
  });
});
