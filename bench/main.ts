import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageRoot } from '../src/up/package-root.ts';
import type { TemporalStore } from '../test/support/temporal-on-postgres.ts';
import { ArgumentError, readArguments, type Plan } from './arguments.ts';
import { describeMachine, describeVersion, loadNow } from './machine.ts';
import { measureAccepting } from './measure-accepting.ts';
import { measureBaseline, openBaseline } from './measure-baseline.ts';
import { measureCarillon } from './measure-carillon.ts';
import { isBroken, report } from './report.ts';
import type { BaselineResult, Results } from './results.ts';
import { openRig, type Rig } from './rig.ts';
import { openStack } from './stack.ts';
import { chooseTemporal } from './temporal-store.ts';

const bareConnections = 16;

/** Measures, prints the table, writes the JSON. @returns the exit code. */
async function bench(args: readonly string[]): Promise<number> {
  const given = readArguments(args);
  const plan = { ...given, profile: given.profile === undefined ? undefined : resolve(given.profile) };
  const load = loadNow();
  const begin = Date.now();
  const say = (line: string): void =>
    console.log(`${String(Math.round((Date.now() - begin) / 1_000)).padStart(4)} s  ${line}`);
  const temporal = await chooseTemporal(plan.temporal, say);
  say(`starting PostgreSQL and Temporal (${temporal === 'postgres' ? 'on PostgreSQL' : 'dev server on SQLite'})`);
  const interrupted = interruption(plan.limitSeconds);
  const stack = await openStack(temporal);
  try {
    const measuring = measureAll({ ...plan, temporal }, load, stack, begin, say);
    measuring.catch(() => undefined); // when it lost the race, what is thrown is the consequence of that
    const results = await Promise.race([measuring, interrupted, stack.died]);
    const file = write(results);
    console.log(['', ...report(results), `written to ${file}`].join('\n'));
    return isBroken(results) ? 1 : 0;
  } finally {
    await stack.remove();
  }
}

async function measureAll(
  plan: Plan & { readonly temporal: TemporalStore },
  load: readonly number[],
  stack: Awaited<ReturnType<typeof openStack>>,
  begin: number,
  say: Rig['say'],
): Promise<Results> {
  const rig = await openRig(plan, stack, say);
  const machine = await describeMachine(stack.sql, await openBaseline(rig), load);
  const empty: BaselineResult[] = [];
  const measureEmpty = async (): Promise<void> => {
    empty.push(await measureBaseline(rig, 0, plan.emptySeconds));
  };
  await measureEmpty();
  const postOnly: BaselineResult[] = [];
  for (const fanOut of plan.postOnlyFanOuts) postOnly.push(await measureBaseline(rig, fanOut, plan.postOnlySeconds));
  say('bare requests');
  const bare = await rig.load.call<{ perSecond: number }>('bare', {
    origin: `http://127.0.0.1:${rig.sinkPort}`,
    connections: bareConnections,
    seconds: plan.bareSeconds,
  });
  await rig.sink.call('take');
  const accepting = await measureAccepting(rig);
  await measureEmpty();
  const carillon = await measureCarillon(rig, measureEmpty);
  return {
    ...describeVersion(),
    date: new Date(begin).toISOString(),
    mode: plan.mode,
    profiled: plan.profile !== undefined,
    seconds: (Date.now() - begin) / 1_000,
    machine,
    temporalStore: plan.temporal,
    empty,
    postOnly,
    barePostsPerSecond: bare.perSecond,
    accepting,
    carillon,
  };
}

function write(results: Results): string {
  const folder = join(packageRoot(), 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${results.date.slice(0, 19).replaceAll(':', '')}-${results.commit}.json`);
  writeFileSync(file, `${JSON.stringify(results, rounded, 2)}\n`);
  return file;
}

/** Four digits say more than was measured. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}

function interruption(limitSeconds: number): Promise<never> {
  const stopped = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => reject(new Error(`stopped by ${signal}`)));
    const timer = setTimeout(() => reject(new Error(`not done within ${limitSeconds} s`)), limitSeconds * 1_000);
    timer.unref();
  });
  stopped.catch(() => undefined);
  return stopped;
}

try {
  process.exitCode = await bench(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof ArgumentError ? `bench: ${error.message}` : error);
  process.exitCode = error instanceof ArgumentError ? 2 : 1;
}
// Whatever still waits for an answer waits in vain: all other processes have ended.
process.exit();
