import { eraseContent } from '../../../src/store/housekeeping/erase-content.ts';
import { loadPlan } from '../../../src/store/config/destinations.ts';
import { countMessages, countReplays, pickMessages, replayKey } from '../../../src/store/jobs/job-messages.ts';
import type { JobRow, NewJob } from '../../../src/store/jobs/jobs.ts';
import { newMessageId } from '../../../src/store/db/new-id.ts';
import { acceptReplay } from '../../../src/store/accept/replay.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { jobCounts, jobEvents, jobRow, letTimePass, makeJob } from '../made-jobs.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

const make = (more: Partial<NewJob>) => makeJob(bench, more);
const row = (job: JobRow) => jobRow(bench, job);
const counts = (job: JobRow) => jobCounts(bench, job);
const eventsOf = (job: JobRow) => jobEvents(bench, job);

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

  /** Takes one step of a bulk replay, as a worker does: picks messages, replays them, and counts them. */
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
    await letTimePass(bench, job);
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
  /** Posts messages without destinations, in a conversation of their own. */
  async function unrouted(count: number): Promise<{ ids: string[]; filter: { conversation: string } }> {
    const conversation = `replay-${(group += 1)}`;
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) ids.push((await bench.post({ to: [], conversation })).id);
    return { ids, filter: { conversation } };
  }

  it('a replay is a new message with the same envelope, sent now at the end of its conversation', async () => {
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

  it('a replay of a message whose expiry has passed does not expire', async () => {
    const { id } = await bench.post({ expiresAt: new Date(Date.now() + 60_000) });
    await bench.sql`update messages set expires_at = clock_timestamp() - interval '1 s' where id = ${id}`;
    const result = await replay(id);
    expect(await bench.message('id' in result ? result.id : '')).toMatchObject({ expires_at: null });
  });

  it('a replay that is repeated with its key makes one message', async () => {
    const { id } = await bench.post();
    const first = await replay(id, { key: 'once' });
    expect(first).toMatchObject({ outcome: 'accepted' });
    expect(await replay(id, { key: 'once' })).toMatchObject({ ...first, outcome: 'duplicate' });
    expect(await replay(id, { key: 'once', destinations: ['audit'] })).toMatchObject({ outcome: 'conflict' });
    expect(await replaysOf([id])).toEqual([id]);
  });

  it('a replay that is not possible is refused with the reason', async () => {
    const { id } = await bench.post({ to: ['orders', 'audit'] });
    expect(await replay('msg_01m821ja90eskaf0f8jas8zfxd')).toEqual({ outcome: 'not-found' });
    expect(await replay(id, { destinations: ['orders', 'gone'] })).toEqual({
      outcome: 'unknown-destinations',
      destinations: ['gone'],
    });
    await bench.sql`update messages set deleted_at = clock_timestamp() where id = ${id}`;
    expect(await replay(id)).toEqual({ outcome: 'deleted' });
  });

  it('a bulk replay replays all matching messages in order, and counts them', async () => {
    const { ids, filter } = await unrouted(5);
    const job = await make({ kind: 'replay', rate: 10, filter, destinations: ['orders'] });
    expect(await countMessages(bench.sql, job, 100)).toBe(5);
    await finishReplay(job);
    expect(await counts(job)).toEqual({ state: 'done', done: 5, changed: 5, failed: 0 });
    expect(await replaysOf(ids)).toEqual(ids);
    expect(await eventsOf(job)).toEqual([['carillon.job.done', 5]]);
  });

  it('a bulk replay whose worker is killed before the count doubles no message and counts each once', async () => {
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

  it('a step of a bulk replay is counted once, also where a slow worker counts it again', async () => {
    const { ids, filter } = await unrouted(5);
    const job = await make({ kind: 'replay', rate: 10, filter });
    const late = await pickMessages(bench.sql, job);
    await letTimePass(bench, job);
    expect((await step(job)).messages).toEqual(late.messages);
    await step(job);
    await countReplays(bench.sql, job, late, {});
    expect(await row(job)).toMatchObject({ done: 4, changed: 4, cursor: ids[3] });
    await finishReplay(job);
    expect(await counts(job)).toMatchObject({ done: 5 });
  });

  it('a bulk replay leaves out messages that were replayed before, unless it is asked to include them', async () => {
    const { ids, filter } = await unrouted(2);
    await replay(ids[0] ?? '');
    await finishReplay(await make({ kind: 'replay', filter: { ...filter, state: ['unrouted'] } }));
    // The job has replayed the second message, and the replay of the first one, which is unrouted, too.
    expect([...(await replaysOf(ids))].sort()).toEqual(ids);
    const again = await make({ kind: 'replay', filter, again: true });
    await finishReplay(again);
    expect(await counts(again)).toMatchObject({ state: 'done', changed: 5 });
  });

  it('a bulk replay does not replay its own replays', async () => {
    const { filter } = await unrouted(3);
    const job = await make({ kind: 'replay', filter, rate: 5 });
    await finishReplay(job);
    expect(await counts(job)).toMatchObject({ done: 3, changed: 3 });
  });

  it('a bulk replay counts messages that cannot be replayed by their code, and goes on', async () => {
    const { ids, filter } = await unrouted(3);
    await bench.sql`update contents set created_at = now() - interval '2 days' where message = ${ids[1] ?? ''}`;
    const windows = [{ tenant: 'default', retention: {}, keepMs: 86_400_000 }];
    await eraseContent(bench.sql, { pass: 'p', windows, after: '', limit: 1_000 });
    const job = await make({ kind: 'replay', filter, destinations: ['orders'] });
    await finishReplay(job);
    expect(await row(job)).toMatchObject({ done: 3, changed: 2, failed: 1, failures: { erased: 1 } });
  });

  it('a replay stays when its original is removed by its age', async () => {
    const { id } = await bench.post();
    const result = await replay(id);
    await bench.sql`delete from contents where message = ${id}`;
    await bench.sql`delete from deliveries where message = ${id}`;
    await bench.sql`delete from messages where id = ${id}`;
    expect(await bench.message('id' in result ? result.id : '')).toMatchObject({ replay_of: null });
  });
});
