import type { Streamed } from '../stream.ts';
import type { Aim } from './aims.ts';
import { beside, promisesOf, spreadRow, type Beside } from './beside.ts';
import { latencies, tally, type Arrival, type Tally } from './evidence.ts';
import type { Stage } from './stage.ts';
import { readWays, wayRows, type Ways } from './ways.ts';

/** A load that is measured three times: before, during and after a disturbance. */
interface Plan {
  /** Name of the load's sender in the tables. */
  readonly who: string;
  /** Name of the disturbance in the tables. */
  readonly disturbance: string;
  post(): Promise<Streamed[]>;
  /** Posts the load and the disturbance, and returns both. */
  postBoth(): Promise<{ readonly load: Streamed[]; readonly disturbing: Streamed[] }>;
  /** Time in which all of the disturbance must come to rest. */
  readonly limitSeconds: number;
}

export interface Disturbed {
  readonly load: readonly Streamed[];
  readonly disturbing: readonly Streamed[];
  /** Arrivals of both. */
  readonly arrivals: readonly Arrival[];
  /** Rows for a table of spreads. */
  readonly rows: readonly string[][];
  readonly promises: readonly Aim[];
  /** Figures for the JSON file. */
  readonly figures: Beside & { readonly ways: Ways; readonly tallies: readonly Tally[] };
}

/** Seconds in which all of the load alone must come to rest. */
const restSeconds = 60;

export async function measureDisturbed(stage: Stage, plan: Plan): Promise<Disturbed> {
  const { who, disturbance } = plan;
  const alone = async (): Promise<{ posted: Streamed[]; arrivals: readonly Arrival[] }> => {
    const posted = await plan.post();
    return { posted, arrivals: await stage.settled(restSeconds) };
  };
  stage.say(`${who}, alone`);
  const before = await alone();
  stage.say(`${who}, beside ${disturbance}`);
  const { load, disturbing } = await plan.postBoth();
  stage.say(`waiting for the last of ${disturbance}`);
  const arrivals = await stage.settled(plan.limitSeconds);
  const ways = await readWays(stage, load);
  stage.say(`${who}, alone again`);
  const after = await alone();

  const both = beside(
    [...latencies(before.posted, before.arrivals), ...latencies(after.posted, after.arrivals)],
    latencies(load, arrivals),
  );
  const tallies = [
    tally([...before.posted, ...after.posted], [...before.arrivals, ...after.arrivals]),
    tally([...load, ...disturbing], arrivals),
  ];
  return {
    load,
    disturbing,
    arrivals,
    rows: [
      spreadRow(`${who}, alone`, both.reference),
      spreadRow(`${who}, beside ${disturbance}`, both.measured, both.ratio),
      ...wayRows(ways),
    ],
    promises: promisesOf(tallies),
    figures: { ...both, ways, tallies },
  };
}
