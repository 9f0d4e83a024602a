import postgres from 'postgres';
import { freePort } from '../test/support/free-port.ts';
import { startCarillon, until, type Carillon } from './carillon.ts';
import { compare, type Verdict } from './deliveries.ts';
import type { Burst, LoadTarget, Posted, Steady } from './load.ts';
import { backendsByUse, readWal, startCounting, stopCounting } from './postgres-figures.ts';
import type { CarillonResult, Checked } from './results.ts';
import { costOf, describeRuns, measured, type Rig } from './rig.ts';
import type { Arrivals } from './sink.ts';
import { spread, sum } from './statistics.ts';

/** Deliveries that warm up the processes at one fan-out and tell about how fast they are. */
const warmUpDeliveries = 180;
const connections = 32;
/** Posts per second while the worker is saturated: enough for a p99, too few for a burst. */
const leastTrickle = 20;
/**
 * Messages that still wait when the last post of the trickle is made, so that the worker stays saturated until then.
 */
const reserve = 40;
const half = 0.5;
const sampledRuns = 20;
/** A delivery that takes longer than this after the measured time counts as lost. */
const patienceMs = 60_000;

/**
 * Measures one API and one worker, from an empty database, at each fan-out in turn.
 * @param between called after each fan-out: the baseline is measured close to it, because the speed of a machine
 * drifts.
 * @param variant name of the database, and settings in addition to those of the benchmark.
 */
export async function measureCarillon(
  rig: Rig,
  between: () => Promise<void>,
  variant: { readonly name: string; readonly env: Readonly<Record<string, string>> } = { name: 'carillon', env: {} },
): Promise<CarillonResult[]> {
  const { stack, plan } = rig;
  const database = await stack.database(variant.name);
  const carillon = await startCarillon(stack, {
    database,
    port: await freePort(),
    sinkPort: rig.sinkPort,
    destinations: Math.max(...plan.fanOuts),
    profile: plan.profile,
    env: variant.env,
  });
  await carillon.startWorker();
  const sql = postgres(database, { max: 1, connection: { application_name: 'bench' }, onnotice: () => undefined });
  const target: LoadTarget = { origin: carillon.origin, key: stack.adminKey };
  await rig.load.call('aim', target);
  const results: CarillonResult[] = [];
  for (const fanOut of plan.fanOuts) {
    results.push(await measureFanOut(rig, carillon, sql, fanOut));
    await between();
  }
  await sql.end();
  await carillon.stop();
  return results;
}

async function measureFanOut(rig: Rig, carillon: Carillon, sql: postgres.Sql, fanOut: number): Promise<CarillonResult> {
  const { plan, stack, load, say } = rig;
  const verdicts: Verdict[] = [];
  const settled = async (posted: readonly Posted[]): Promise<Verdict> => {
    const verdict = await whenSettled(rig, sql, posted);
    verdicts.push(verdict);
    return verdict;
  };
  const burst = (messages: number): Promise<Posted[]> =>
    load.call<Posted[]>('burst', { fanOut, connections, messages } satisfies Burst);
  const steady = (perSecond: number, seconds: number): Promise<Posted[]> =>
    load.call<Posted[]>('steady', { fanOut, perSecond, seconds } satisfies Steady);

  say(`Carillon, fan-out ${fanOut}: warming up`);
  const warm = await settled(await burst(Math.ceil(warmUpDeliveries / fanOut)));
  const guess = warm.messages / (warm.wallMs / 1_000);

  say(`Carillon, fan-out ${fanOut}: saturated`);
  const trickleSeconds = plan.saturatedSeconds / 2;
  const trickle = Math.max(leastTrickle, Math.ceil(guess));
  const walBefore = await readWal(stack.sql);
  const saturated = await measured(rig, carillon.watched, async () => {
    const first = await burst(Math.ceil(guess * trickleSeconds) + reserve);
    const later = await steady(trickle, trickleSeconds);
    return { first, later, verdict: await settled([...first, ...later]) };
  });
  const { first, later, verdict } = saturated.value;
  const walAfter = await readWal(stack.sql);
  const uses = await backendsByUse(stack.sql, saturated.spent);
  const messages = verdict.messages;
  const perSecond = messages / (verdict.wallMs / 1_000);

  const steadyPerSecond = perSecond * half;
  say(`Carillon, fan-out ${fanOut}: ${steadyPerSecond.toFixed(1)} messages/s`);
  const calm = await steady(steadyPerSecond, plan.steadySeconds);
  const calmVerdict = await settled(calm);

  say(`Carillon, fan-out ${fanOut}: counting statements`);
  await startCounting(stack.sql);
  await settled(await burst(plan.counted));
  const statementList = await stopCounting(stack.sql, plan.counted);

  return {
    fanOut,
    messages,
    perSecond,
    deliveriesPerSecond: verdict.deliveries / (verdict.wallMs / 1_000),
    cost: costOf(saturated.spent, messages),
    postgresByUse: Object.fromEntries(Object.entries(uses).map(([use, ms]) => [use, ms / messages])),
    walBytes: (walAfter.bytes - walBefore.bytes) / messages,
    walFullPages: (walAfter.fullPages - walBefore.fullPages) / messages,
    ...(await describeRuns(rig.client, await workflowsOf(sql, later.slice(-sampledRuns)))),
    statements: sum(statementList.filter(({ topLevel }) => topLevel).map(({ calls }) => calls)),
    nestedStatements: sum(statementList.filter(({ topLevel }) => !topLevel).map(({ calls }) => calls)),
    statementList,
    acceptBurst: { ...acceptance(first), perSecond: rateOf(first) },
    acceptSaturated: { ...acceptance(later), perSecond: trickle },
    steadyPerSecond,
    acceptSteady: acceptance(calm),
    receiptToDelivery: spread(calmVerdict.receiptToDelivery),
    checked: total(verdicts),
  };
}

/** Waits until all deliveries have arrived and all messages are at rest. */
async function whenSettled({ sink }: Rig, sql: postgres.Sql, posted: readonly Posted[]): Promise<Verdict> {
  const wanted = sum(posted.map(({ deliveries }) => deliveries.length));
  await until('all deliveries', async () => (await sink.call<number>('count')) >= wanted, patienceMs).catch(
    () => undefined, // the verdict says how many are missing
  );
  const atRest = async (): Promise<boolean> => {
    const [row] = await sql<{ open: boolean }[]>`select exists (select from messages where open_count > 0) as open`;
    return row?.open === false;
  };
  await until('all messages to be at rest', atRest, patienceMs).catch(() => undefined);
  return compare(posted, await sink.call<Arrivals>('take'));
}

async function workflowsOf(sql: postgres.Sql, posted: readonly Posted[]): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select workflow_id as id from messages where id = any(${posted.map(({ id }) => id)})`;
  return rows.map(({ id }) => id);
}

const acceptance = (posted: readonly Posted[]) => spread(posted.map(({ ms }) => ms));

function rateOf(posted: readonly Posted[]): number {
  const begin = Math.min(...posted.map(({ at }) => at));
  const end = Math.max(...posted.map(({ at, ms }) => at + ms));
  return posted.length / ((end - begin) / 1_000);
}

function total(verdicts: readonly Verdict[]): Checked {
  const of = (count: (verdict: Verdict) => number): number => sum(verdicts.map(count));
  return {
    messages: of((verdict) => verdict.messages),
    deliveries: of((verdict) => verdict.deliveries),
    refused: of((verdict) => verdict.refused),
    lost: of((verdict) => verdict.lost),
    doubled: of((verdict) => verdict.doubled),
    unknown: of((verdict) => verdict.unknown),
  };
}
