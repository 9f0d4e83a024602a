import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { pino } from 'pino';
import { startSchedule } from '../../src/worker/schedule.ts';
import { housekeepingSchedule, housekeepingType, taskQueue, type HousekeepingInput } from '../../src/contract.ts';
import { retentionOrder, type RetentionKind } from '../../src/domain/retention.ts';
import { eventually } from '../support/eventually.ts';
import { recordHistories } from '../support/record-histories.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => void (stack = await startStack()), 120_000);
afterAll(async () => {
  await recordHistories(stack.temporal, kinds);
  await stack.close();
});

/** Runs for the replay test; see `record-histories.ts`. */
const kinds = new Map<string, string>();

const schedule = () => stack.temporal.schedule.getHandle(housekeepingSchedule);
const described = () =>
  eventually('the schedule is there', () =>
    schedule()
      .describe()
      .catch(() => undefined),
  );

/** Starts a pass of the schedule now and waits until it has ended. */
async function pass(): Promise<{ workflowId: string; removed: Record<string, number> }> {
  const before = (await described()).info.numActionsTaken;
  await schedule().trigger();
  const workflowId = await eventually('the pass has begun', async () => {
    const { info } = await schedule().describe();
    return info.numActionsTaken > before && info.recentActions.at(-1)?.action.workflow.workflowId;
  });
  const removed = (await stack.temporal.workflow.getHandle(workflowId).result()) as Record<string, number>;
  return { workflowId, removed };
}

async function postOld(text: string): Promise<string> {
  const { id } = await stack.post({ text, destinations: ['kept'] });
  await stack.rest(id);
  await stack.sql`update contents set created_at = created_at - interval '31 days' where message = ${id}`;
  return id;
}

beforeAll(() => stack.webhook('kept'));

/** A removal count of 0 for each kind. */
const nothing = Object.fromEntries(retentionOrder.map((kind) => [kind, 0])) as Record<RetentionKind, number>;

describe('housekeeping', () => {
  it('housekeeping is scheduled hourly by the worker, one pass at a time', async () => {
    const { spec, policies, state, action } = await described();
    expect(spec.intervals).toMatchObject([{ every: 3_600_000 }]);
    expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 3_600_000 });
    expect(action).toMatchObject({ workflowType: 'housekeeping' });
    expect(state.paused).toBe(false);
  });

  it('housekeeping erases old content, reports what it removed, and leaves a tombstone', async () => {
    const [old, young] = [await postOld('gone'), (await stack.post({ text: 'stays', destinations: ['kept'] })).id];
    await stack.rest(young);
    const { workflowId, removed } = await pass();
    kinds.set('housekeeping', workflowId);

    expect(removed).toEqual({ ...nothing, content: 1 });
    const { data } = await stack.must('GET', '/v1/housekeeping');
    expect(data).toMatchObject([{ pass: workflowId, tenant: 'default', kind: 'content', removed: 1 }]);
    expect(await stack.message(old)).toMatchObject({
      state: 'delivered',
      content: null,
      contentErasedAt: expect.stringMatching(/Z$/),
    });
    expect(await stack.message(young)).toMatchObject({ content: { text: 'stays' } });
  });

  it("housekeeping follows the tenant's own retention, and removes nothing under legal hold", async () => {
    const id = await postOld('held');
    await stack.sql`update tenants set legal_hold = true`;
    expect((await pass()).removed).toEqual(nothing);
    await stack.sql`update tenants set legal_hold = false, retention = '{"content": "32d"}'`;
    expect((await pass()).removed).toMatchObject({ content: 0 });
    expect(await stack.message(id)).toMatchObject({ content: { text: 'held' } });
    await stack.sql`update tenants set retention = '{}'`;
    expect((await pass()).removed).toMatchObject({ content: 1 });
  });

  it('housekeeping goes on where the run before ended, and keeps its count', async () => {
    const start = (input: HousekeepingInput) =>
      stack.temporal.workflow.execute(housekeepingType, { workflowId: randomUUID(), taskQueue, args: [input] });
    const place = { kind: 'dedupe', after: '' };
    const { attempts: _attempts, events: _events, ...rest } = nothing;
    expect(await start({ place, removed: { content: 3 } })).toEqual({ ...rest, content: 3 });
    // A place of a newer version is unknown, so the pass begins again.
    expect(await start({ place: { kind: 'raw', after: 'x' } })).toMatchObject({ content: 0, messages: 0 });
  });
});

describe('the schedule of housekeeping', () => {
  const log = pino({ level: 'silent' });
  const of = { id: housekeepingSchedule, workflowType: housekeepingType };
  const keep = (everyMs: number, connection = stack.temporal.connection) =>
    startSchedule({ ...of, connection, namespace: stack.temporal.options.namespace, everyMs, log });
  const intervalIs = (ms: number) =>
    eventually(`the interval is ${ms} ms`, async () => (await described()).spec.intervals?.[0]?.every === ms);

  it('a lost schedule is made again', async () => {
    await schedule().delete();
    const keeping = keep(3_600_000);
    await intervalIs(3_600_000);
    await keeping.stop();
  });

  it('a schedule follows the setting, and stays paused when an operator has paused it', async () => {
    await schedule().pause('for a test');
    const keeping = keep(120_000);
    await intervalIs(120_000);
    expect((await described()).state).toMatchObject({ paused: true, note: 'for a test' });
    await keeping.stop();
    await schedule().unpause();
  });

  it('a schedule that cannot be made is tried again and stops nothing else', async () => {
    const warnings: string[] = [];
    const connection = Connection.lazy({ address: '127.0.0.1:1' });
    const write = (line: string): void => void warnings.push(line);
    const keeping = startSchedule({
      ...of,
      connection,
      namespace: 'none',
      everyMs: 60_000,
      log: pino({ level: 'warn' }, { write }),
    });
    await eventually('it says so', () => warnings.length > 0);
    await keeping.stop();
    await connection.close();
  });
});
