import { resolve } from 'node:path';
import { ArgumentError, readArguments, type Plan } from './arguments.ts';
import { describeMachine, describeVersion } from './machine.ts';
import { measureAccepting } from './measure-accepting.ts';
import { measureBaseline, openBaseline } from './measure-baseline.ts';
import { measureCarillon } from './measure-carillon.ts';
import { isBroken, report } from './report.ts';
import type { BaselineResult, Results } from './results.ts';
import { openRig } from './rig.ts';
import { readScenarioArguments } from './scenarios/arguments.ts';
import { benchScenario } from './scenarios/run.ts';
import { inSession, writeResults, type Session } from './session.ts';

const bareConnections = 16;

/**
 * Measures, prints the table and writes the JSON file.
 * @returns the exit code.
 */
async function bench(args: readonly string[]): Promise<number> {
  const scenario = readScenarioArguments(args);
  if (scenario !== undefined) return benchScenario(scenario);
  const given = readArguments(args);
  const plan = { ...given, profile: given.profile === undefined ? undefined : resolve(given.profile) };
  const results = await inSession(plan, (session) => measureAll(plan, session));
  const file = writeResults(results);
  console.log(['', ...report(results), `written to ${file}`].join('\n'));
  return isBroken(results) ? 1 : 0;
}

async function measureAll(plan: Plan, { stack, temporal, load, begin, say }: Session): Promise<Results> {
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
    temporalStore: temporal,
    empty,
    postOnly,
    barePostsPerSecond: bare.perSecond,
    accepting,
    carillon,
  };
}

try {
  process.exitCode = await bench(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof ArgumentError ? `bench: ${error.message}` : error);
  process.exitCode = error instanceof ArgumentError ? 2 : 1;
}
// Requests may still be open, but all processes that could answer them have ended.
process.exit();
