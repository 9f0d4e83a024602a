import type { BaselineFigures, BaselineRun } from './baseline.ts';
import type { BaselineResult } from './results.ts';
import { costOf, describeRuns, measured, type Rig } from './rig.ts';
import type { Arrivals } from './sink.ts';

/** Time that a run may take in addition to its seconds. */
const patienceMs = 60_000;

/**
 * Starts the worker of the baseline, and warms up the worker and the server.
 * @returns the version of the server.
 */
export async function openBaseline(rig: Rig): Promise<string> {
  const version = await rig.baseline.call<string>('open', rig.baselineOptions);
  await run(rig, { fanOut: 0, seconds: 1 });
  await run(rig, { fanOut: 3, seconds: 1 });
  return version;
}

/** Measures workflows with `fanOut` bare requests each; 0 measures the empty workflow. */
export async function measureBaseline(rig: Rig, fanOut: number, seconds: number): Promise<BaselineResult> {
  rig.say(fanOut === 0 ? 'empty workflow' : `workflow that only posts, ${fanOut} each`);
  const { value, spent } = await measured(rig, [rig.baseline], () => run(rig, { fanOut, seconds }));
  const { runs, wallMs, sample } = value;
  const { historyEvents } = await describeRuns(rig.client, [sample]);
  return { fanOut, runs, perSecond: runs / (wallMs / 1_000), cost: costOf(spent, runs), historyEvents };
}

async function run(rig: Rig, { fanOut, seconds }: Omit<BaselineRun, 'url'>): Promise<BaselineFigures> {
  const argument: BaselineRun = { fanOut, seconds, url: `http://127.0.0.1:${rig.sinkPort}/` };
  const figures = await rig.baseline.call<BaselineFigures>('run', argument, seconds * 1_000 + patienceMs);
  const { ids } = await rig.sink.call<Arrivals>('take');
  if (new Set(ids).size !== figures.runs * fanOut)
    throw new Error(`${figures.runs} workflows with ${fanOut} requests each, and the sink saw ${new Set(ids).size}`);
  return figures;
}
