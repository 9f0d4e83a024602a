import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { plainEnvironment } from '../test/support/plain-environment.ts';
import type { BaselineOptions } from './baseline.ts';
import type { Child } from './child.ts';
import { cpuBetween, snapshotCpu, type CpuSpent, type Watched } from './cpu.ts';
import type { Plan } from './arguments.ts';
import type { Cost } from './results.ts';
import { namespace, type Stack } from './stack.ts';
import { mean, sum } from './statistics.ts';

/** The servers and the processes that measure. Carillon's own processes start and stop during a run. */
export interface Rig {
  readonly plan: Plan;
  readonly stack: Stack;
  readonly sink: Child;
  readonly sinkPort: number;
  readonly load: Child;
  readonly baseline: Child;
  readonly baselineOptions: BaselineOptions;
  readonly client: Client;
  say(line: string): void;
}

const module = (name: string): string => fileURLToPath(new URL(`${name}.js`, import.meta.url));

export async function openRig(plan: Plan, stack: Stack, say: (line: string) => void): Promise<Rig> {
  const env = plainEnvironment();
  const start = (name: string): Child => stack.start({ name, module: module(name), env });
  const sink = start('sink');
  const { temporalAddress: address } = stack;
  return {
    plan,
    stack,
    sink,
    sinkPort: await sink.call<number>('listen'),
    load: start('load'),
    baseline: start('baseline'),
    baselineOptions: { address, namespace, bundle: fileURLToPath(new URL('workflow-bundle.js', import.meta.url)) },
    client: new Client({ connection: Connection.lazy({ address }), namespace }),
    say,
  };
}

/** Does the work and measures the CPU time that it took. */
export async function measured<T>(
  { stack, sink, load }: Rig,
  workers: readonly Watched[],
  work: () => Promise<T>,
): Promise<{ value: T; spent: CpuSpent }> {
  const watched = [...stack.servers, ...workers, sink, load, { name: 'bench', pid: process.pid }];
  const before = snapshotCpu(watched);
  const value = await work();
  const spent = cpuBetween(before, snapshotCpu(watched));
  stack.check();
  return { value, spent };
}

const notCounted = new Set(['sink', 'load', 'bench']);

export function costOf({ byName, mainThreads, wallMs, othersCores }: CpuSpent, units: number): Cost {
  const each = (values: Readonly<Record<string, number>>, divisor: number): Record<string, number> =>
    Object.fromEntries(Object.entries(values).map(([name, ms]) => [name, ms / divisor]));
  const byProcess = each(byName, units);
  return {
    ms: sum(Object.entries(byProcess).map(([name, ms]) => (notCounted.has(name) ? 0 : ms))),
    byProcess,
    mainThreads: each(mainThreads, wallMs),
    othersCores,
  };
}

/** Returns the means of the events in the history and of the state transitions of some runs. */
export async function describeRuns(
  client: Client,
  workflowIds: readonly string[],
): Promise<{ historyEvents: number; stateTransitions: number }> {
  const described = await Promise.all(workflowIds.map((id) => client.workflow.getHandle(id).describe()));
  const running = described.find(({ status }) => status.name !== 'COMPLETED');
  if (running !== undefined) throw new Error(`${running.workflowId} is ${running.status.name}`);
  return {
    historyEvents: mean(described.map(({ historyLength }) => historyLength)),
    stateTransitions: mean(
      described.map(({ raw }) => Number(raw.workflowExecutionInfo?.stateTransitionCount ?? Number.NaN)),
    ),
  };
}
