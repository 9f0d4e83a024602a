import { eraseContent } from '../../src/store/erase-content.ts';
import { loadPlan } from '../../src/store/destinations.ts';
import { countDeliveries, stepDeliveries } from '../../src/store/job-deliveries.ts';
import { countMessages, countReplays, pickMessages, replayKey } from '../../src/store/job-messages.ts';
import {
  beginJob,
  createJob,
  endJob,
  findJob,
  takeSilentJobs,
  type JobRow,
  type NewJob,
} from '../../src/store/jobs.ts';
import { newJobId, newMessageId } from '../../src/store/new-id.ts';
import { acceptReplay } from '../../src/store/replay.ts';
import { createLedgerBench, type LedgerBench } from '../support/ledger-bench.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());
afterEach(async () => {
  await bench.sql`delete from jobs`;
  await bench.sql`update deliveries set state = 'cancelled', settled_at = now(), due_at = null where state in ('parked', 'queued')`;
});

async function park(options: Parameters<LedgerBench['post']>[0] = {}): Promise<string> {
  const { deliveries } = await bench.post(options);
  const [delivery = ''] = deliveries;
  const claim = await bench.claim(delivery);
  await bench.fail(delivery, claim?.token ?? '', { park: true });
  return delivery;
}
const parkMany = async (count: number, options: Parameters<LedgerBench['post']>[0] = {}): Promise<string[]> => {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push(await park(options));
  return ids;
};

async function make(more: Partial<NewJob>): Promise<JobRow> {
  const { job } = await createJob(bench.sql, {
    id: newJobId(),
    tenant: 'default',
    kind: 'retry',
    filter: {},
    destinations: null,
    again: false,
    rate: 200,
    requestedBy: 'key_1',
    reason: null,
    key: null,
    ...more,
  });
  return job;
}
const row = async (job: JobRow): Promise<JobRow> => {
  const found = await findJob(bench.sql, undefined, job.id);
  if (found === undefined) throw new Error('it is gone');
  return found;
};
const counts = async (job: JobRow) => {
  const { state, done, changed, failed } = await row(job);
  return { state, done, changed, failed };
};
/** As if the time that the rate grants had passed. */
const letTimePass = (job: JobRow) => bench.sql`update jobs set next_at = clock_timestamp() where id = ${job.id}`;
const statesOf = async (ids: readonly string[]): Promise<unknown[]> => {
  const rows = await bench.sql<{ state: string }[]>`
    select state from deliveries where id = any(${ids as string[]}) order by id`;
  return rows.map(({ state }) => state);
};
const eventsOf = async (job: JobRow) =>
  (await bench.sql`select type, data from events where data->>'job' = ${job.id} order by xid, id`).map((one) => [
    one['type'],
    one['data'].done,
  ]);

/** Takes all steps without waiting for the rate; returns what was woken, step by step. */
async function finish(job: JobRow): Promise<string[][]> {
  const woken: string[][] = [];
  for (let steps = 0; steps < 50; steps += 1) {
    const { state, wished } = await stepDeliveries(bench.sql, job);
    woken.push(wished.map(({ id }) => id));
    if (state !== 'running') return woken;
    await letTimePass(job);
  }
  throw new Error('it never ends');
}

describe('a bulk retry', () => {
  it('retries what fits, the oldest first, and counts with each step', async () => {
    const ids = await parkMany(5);
    const job = await make({ rate: 10 }); // two in a step
    expect(await countDeliveries(bench.sql, job, 100)).toBe(5);
    await beginJob(bench.sql, job.id, 5);
    await beginJob(bench.sql, job.id, 99); // once only
    const { wished, waitMs } = await stepDeliveries(bench.sql, job);
    expect(wished).toMatchObject([
      { id: ids[0], state: 'queued', changed: true, destination: 'orders' },
      { id: ids[1], state: 'queued', changed: true },
    ]);
    expect(waitMs).toBeGreaterThan(100);
    expect(waitMs).toBeLessThanOrEqual(200);
    expect(await row(job)).toMatchObject({ state: 'running', matched: 5, done: 2, changed: 2, cursor: ids[1] });
    await letTimePass(job);
    expect(await finish(job)).toEqual([[ids[2], ids[3]], [ids[4]]]);
    expect(await counts(job)).toEqual({ state: 'done', done: 5, changed: 5, failed: 0 });
    expect(await statesOf(ids)).toEqual(ids.map(() => 'queued'));
    expect(await eventsOf(job)).toEqual([
      ['carillon.job.started', 0],
      ['carillon.job.done', 5],
    ]);
  });

  it('does nothing before the rate allows it, whoever asks', async () => {
    const ids = await parkMany(3);
    const job = await make({ rate: 1 });
    await stepDeliveries(bench.sql, job);
    const early = await stepDeliveries(bench.sql, job);
    expect(early).toMatchObject({ state: 'running', wished: [] });
    expect(early.waitMs).toBeGreaterThan(500);
    expect(await statesOf(ids)).toEqual(['queued', 'parked', 'parked']);
    expect(await counts(job)).toMatchObject({ done: 1 });
  });

  it('by two workers at once does and counts each delivery once', async () => {
    const ids = await parkMany(30);
    const job = await make({ rate: 10 });
    const woken: string[] = [];
    const work = async (): Promise<void> => {
      for (let state = 'running'; state === 'running';) {
        const step = await stepDeliveries(bench.sql, job);
        woken.push(...step.wished.map(({ id }) => id));
        state = step.state;
        await letTimePass(job);
      }
    };
    await Promise.all([work(), work(), work(), work()]);
    expect([...woken].sort()).toEqual(ids);
    expect(await counts(job)).toEqual({ state: 'done', done: 30, changed: 30, failed: 0 });
    expect((await eventsOf(job)).length).toBe(1);
  });

  it.each([
    ['a destination', { destination: 'audit' }],
    ['a conversation', { conversation: 'wanted' }],
    ['a state', { state: ['uncertain'] }],
    ['a reason', { reason: 'wanted' }],
    ['a time from which', { since: '2026-01-02T00:00:00Z', until: '2026-01-03T00:00:00Z' }],
  ])('is only for what has %s', async (_what, filter) => {
    const [one = '', other = ''] = [await park({ to: ['audit'], conversation: 'wanted' }), await park()];
    await bench.sql`update deliveries set reason = '{"code": "wanted"}', created_at = '2026-01-02T12:00:00Z' where id = ${one}`;
    if ('state' in filter) {
      await bench.sql`update deliveries set state = 'queued' where id = ${one}`;
      await bench.sql`update deliveries set state = 'uncertain' where id = ${one}`;
    }
    const job = await make({ filter });
    expect(await countDeliveries(bench.sql, job, 100)).toBe(1);
    expect(await finish(job)).toEqual([[one]]);
    expect(await statesOf([one, other])).toEqual(['queued', 'parked']);
  });

  it('leaves alone what is of another tenant, what is final, and what came after it', async () => {
    const theirs = await park();
    await bench.sql`insert into tenants (id) values ('acme') on conflict do nothing`;
    await bench.sql`update deliveries set tenant = 'acme' where id = ${theirs}`;
    const [done = ''] = (await bench.post()).deliveries;
    await bench.deliver(done, (await bench.claim(done))?.token ?? '');
    const job = await make({});
    const later = await park();
    await finish(job);
    expect(await statesOf([theirs, done, later])).toEqual(['parked', 'delivered', 'parked']);
    expect(await counts(job)).toEqual({ state: 'done', done: 0, changed: 0, failed: 0 });
    await bench.sql`update deliveries set tenant = 'default' where id = ${theirs}`;
  });

  it('goes past more than it looks at in one step', async () => {
    const [first = ''] = await parkMany(1, { to: ['audit'] });
    await bench.sql`
      insert into deliveries (id, tenant, message, destination, state, via, policy, timeout_ms, max_attempts)
      select 'dlv_0' || lpad(n::text, 25, '0'), 'default', message, 'orders', 'parked', via, policy, timeout_ms, 1
      from deliveries, generate_series(1, 1200) n where id = ${first}`;
    const job = await make({ filter: { destination: 'audit' } });
    expect(await finish(job)).toEqual([[], [], [first]]);
    await bench.sql`delete from deliveries where id like 'dlv_00000%'`;
  });

  it('that is cancelled keeps what it did, and does nothing more', async () => {
    const ids = await parkMany(4);
    const job = await make({ rate: 10 });
    await stepDeliveries(bench.sql, job);
    expect(await endJob(bench.sql, 'acme', job.id, 'cancelled')).toBe(false);
    expect(await endJob(bench.sql, 'default', job.id, 'cancelled')).toBe(true);
    expect(await endJob(bench.sql, 'default', job.id, 'cancelled')).toBe(false);
    await letTimePass(job);
    expect(await stepDeliveries(bench.sql, job)).toMatchObject({ state: 'cancelled', wished: [] });
    expect(await statesOf(ids)).toEqual(['queued', 'queued', 'parked', 'parked']);
    expect(await counts(job)).toMatchObject({ state: 'cancelled', done: 2 });
    expect(await eventsOf(job)).toEqual([['carillon.job.cancelled', 2]]);
  });
});

it('a bulk cancel ends what is not final, and notes it where it is being sent', async () => {
  const parked = await park({ conversation: 'bulk' });
  const [sending = '', queued = ''] = (await bench.post({ to: ['orders', 'audit'], conversation: 'bulk' })).deliveries;
  await bench.claim(sending);
  const job = await make({ kind: 'cancel', filter: { conversation: 'bulk' } });
  await finish(job);
  expect(await statesOf([parked, sending, queued])).toEqual(['cancelled', 'sending', 'cancelled']);
  expect(await bench.delivery(sending)).toMatchObject({ cancel_requested_at: expect.any(Date) });
  expect(await counts(job)).toEqual({ state: 'done', done: 3, changed: 3, failed: 0 });
});

describe('a job that is stored', () => {
  it('is found by its key, which is another job’s for another request', async () => {
    const job = await make({ key: 'k', filter: { destination: 'orders', state: ['parked'] } });
    const again = { ...job, id: newJobId(), key: 'k' };
    const same = await createJob(bench.sql, { ...again, filter: { state: ['parked'], destination: 'orders' } });
    expect(same).toMatchObject({ outcome: 'duplicate', job: { id: job.id } });
    for (const other of [{ filter: {} }, { kind: 'cancel' as const }, { destinations: ['orders'] }])
      expect(await createJob(bench.sql, { ...again, ...other })).toMatchObject({ outcome: 'conflict' });
    expect(await createJob(bench.sql, { ...again, key: null })).toMatchObject({ outcome: 'created' });
  });

  it('is given to one worker to be started, again when nobody has heard of it, and not when it is over', async () => {
    const job = await make({ rate: 1 });
    const take = async () => (await takeSilentJobs(bench.sql, 10)).map(({ id }) => id);
    expect(await take()).toEqual([]); // its caller starts it
    const silence = () => bench.sql`update jobs set look_at = clock_timestamp() - interval '1 s'`;
    await silence();
    expect((await Promise.all([take(), take()])).flat()).toEqual([job.id]);
    await silence();
    expect(await take()).toEqual([job.id]);
    await silence();
    await parkMany(2);
    await stepDeliveries(bench.sql, job);
    expect(await take()).toEqual([]); // it was heard of
    await endJob(bench.sql, 'default', job.id, 'cancelled');
    await silence();
    expect(await take()).toEqual([]);
  });
});

describe('a replay', () => {
  const plans = {
    current: () => loadPlan(bench.sql, 'default'),
    reload: () => loadPlan(bench.sql, 'default'),
  };
  const replay = (original: string, more: { destinations?: string[]; key?: string } = {}) =>
    acceptReplay(
      bench.sql,
      bench.ring,
      { id: newMessageId(), tenant: 'default', original, destinations: null, key: undefined, ...more },
      plans,
    );

  /** Picks, replays and counts, as a worker does. */
  async function step(job: JobRow, isKilledBeforeTheCount = false) {
    const picked = await pickMessages(bench.sql, job);
    const failed: Record<string, number> = {};
    for (const original of picked.messages) {
      const key = replayKey(job, original);
      const options = { key, ...(job.destinations === null ? {} : { destinations: [...job.destinations] }) };
      const { outcome } = await replay(original, options);
      if (outcome !== 'accepted' && outcome !== 'duplicate') failed[outcome] = (failed[outcome] ?? 0) + 1;
    }
    if (!isKilledBeforeTheCount) await countReplays(bench.sql, job, picked, failed);
    await letTimePass(job);
    return picked;
  }
  const finishReplay = async (job: JobRow): Promise<void> => {
    for (let steps = 0; (await row(job)).state === 'running'; steps += 1) {
      if (steps > 20) throw new Error('it never ends');
      await step(job);
    }
  };
  const replaysOf = async (ids: readonly string[]) =>
    (await bench.sql`select replay_of from messages where replay_of = any(${ids as string[]}) order by id`).map(
      (one) => one['replay_of'] as string,
    );
  let group = 0;
  /** Of a conversation of their own. */
  async function unrouted(count: number): Promise<{ ids: string[]; filter: { conversation: string } }> {
    const conversation = `replay-${(group += 1)}`;
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) ids.push((await bench.post({ to: [], conversation })).id);
    return { ids, filter: { conversation } };
  }

  it('is a new message with the same envelope, sent now, at the end of its conversation', async () => {
    const { id } = await bench.post({
      conversation: 'r1',
      labels: { team: 'core' },
      priority: 'high',
      class: 'should',
      dataVersion: '2',
      sendAt: new Date(Date.now() + 3_600_000),
      expiresAt: new Date(Date.now() + 7_200_000),
      sender: { name: 'Ann' },
    });
    const result = await replay(id);
    if (!('deliveries' in result)) throw new Error(result.outcome);
    expect(result).toMatchObject({ outcome: 'accepted', state: 'accepted', deliveries: [{ destination: 'orders' }] });
    const [before, after] = [await bench.message(id), await bench.message(result.id)];
    for (const same of ['type', 'source', 'conversation', 'correlation_id', 'labels', 'priority', 'class'])
      expect([same, after[same]]).toEqual([same, before[same]]);
    for (const same of ['data_version', 'occurred_at', 'expires_at'])
      expect([same, after[same]]).toEqual([same, before[same]]);
    expect(after).toMatchObject({ replay_of: id, send_at: null, version: 1, sequence: 1 });
    expect(after['workflow_id']).not.toBe(before['workflow_id']);
    expect(await bench.delivery(result.deliveries[0]?.id ?? '')).toMatchObject({ via: 'replay' });
  });

  it('does not keep an end that has passed', async () => {
    const { id } = await bench.post({ expiresAt: new Date(Date.now() + 60_000) });
    await bench.sql`update messages set expires_at = clock_timestamp() - interval '1 s' where id = ${id}`;
    const result = await replay(id);
    expect(await bench.message('id' in result ? result.id : '')).toMatchObject({ expires_at: null });
  });

  it('with a key is one message, however often it is asked for', async () => {
    const { id } = await bench.post();
    const first = await replay(id, { key: 'once' });
    expect(first).toMatchObject({ outcome: 'accepted' });
    expect(await replay(id, { key: 'once' })).toMatchObject({ ...first, outcome: 'duplicate' });
    expect(await replay(id, { key: 'once', destinations: ['audit'] })).toMatchObject({ outcome: 'conflict' });
    expect(await replaysOf([id])).toEqual([id]);
  });

  it('says why it can’t be', async () => {
    const { id } = await bench.post({ to: ['orders', 'audit'] });
    expect(await replay('msg_01m821ja90eskaf0f8jas8zfxd')).toEqual({ outcome: 'not-found' });
    expect(await replay(id, { destinations: ['orders', 'gone'] })).toEqual({
      outcome: 'unknown-destinations',
      destinations: ['gone'],
    });
    await bench.sql`update messages set deleted_at = clock_timestamp() where id = ${id}`;
    expect(await replay(id)).toEqual({ outcome: 'deleted' });
  });

  it('of many goes through all that fit, in order, and counts them', async () => {
    const { ids, filter } = await unrouted(5);
    const job = await make({ kind: 'replay', rate: 10, filter, destinations: ['orders'] });
    expect(await countMessages(bench.sql, job, 100)).toBe(5);
    await finishReplay(job);
    expect(await counts(job)).toEqual({ state: 'done', done: 5, changed: 5, failed: 0 });
    expect(await replaysOf(ids)).toEqual(ids);
    expect(await eventsOf(job)).toEqual([['carillon.job.done', 5]]);
  });

  it('of many that is killed before it counts doubles nothing and counts each once', async () => {
    const { ids, filter } = await unrouted(5);
    const job = await make({ kind: 'replay', rate: 10, filter, destinations: ['orders'] });
    await step(job, true);
    expect((await replaysOf(ids)).length).toBe(2);
    expect(await counts(job)).toMatchObject({ done: 0 });
    await Promise.all([step(job), step(job)]);
    await finishReplay(job);
    expect(await replaysOf(ids)).toEqual(ids);
    expect(await counts(job)).toEqual({ state: 'done', done: 5, changed: 5, failed: 0 });
  });

  it('of many leaves out what was replayed before, unless it is asked for', async () => {
    const { ids, filter } = await unrouted(2);
    await replay(ids[0] ?? '');
    await finishReplay(await make({ kind: 'replay', filter: { ...filter, state: ['unrouted'] } }));
    // The second one, and the first one's replay, which stayed unrouted.
    expect([...(await replaysOf(ids))].sort()).toEqual(ids);
    const again = await make({ kind: 'replay', filter, again: true });
    await finishReplay(again);
    expect(await counts(again)).toMatchObject({ state: 'done', changed: 5 });
  });

  it('of many that stay unrouted does not go after its own replays', async () => {
    const { filter } = await unrouted(3);
    const job = await make({ kind: 'replay', filter, rate: 5 });
    await finishReplay(job);
    expect(await counts(job)).toMatchObject({ done: 3, changed: 3 });
  });

  it('of many counts by code what can’t be replayed, and goes on', async () => {
    const { ids, filter } = await unrouted(3);
    await bench.sql`update contents set created_at = now() - interval '2 days' where message = ${ids[1] ?? ''}`;
    const windows = [{ tenant: 'default', retention: {}, keepMs: 86_400_000 }];
    await eraseContent(bench.sql, { pass: 'p', windows, after: '', limit: 1_000 });
    const job = await make({ kind: 'replay', filter, destinations: ['orders'] });
    await finishReplay(job);
    expect(await row(job)).toMatchObject({ done: 3, changed: 2, failed: 1, failures: { erased: 1 } });
  });

  it('stays when its original goes by age', async () => {
    const { id } = await bench.post();
    const result = await replay(id);
    await bench.sql`delete from contents where message = ${id}`;
    await bench.sql`delete from deliveries where message = ${id}`;
    await bench.sql`delete from messages where id = ${id}`;
    expect(await bench.message('id' in result ? result.id : '')).toMatchObject({ replay_of: null });
  });
});
