import { setTimeout as sleep } from 'node:timers/promises';
import type { TemporalStore } from '../support/temporal-on-postgres.ts';
import { audit, type Audit, type Offence, type ShownDelivery } from './audit.ts';
import { destinations, postPath, simulatorOf } from './destinations.ts';
import { planFaults, type Fault } from './faults.ts';
import { readDeliveries, readSinks } from './gather.ts';
import { newLoad, runLoad, type Load } from './loader.ts';
import { planOperations } from './operations.ts';
import type { Death } from './processes.ts';
import { createRandom } from './random.ts';
import { readRuns, type Runs } from './runs.ts';
import { apiNames, workerNames, type Rig } from './rig.ts';
import { heal, strikeAll, type Struck } from './strike.ts';

export interface SoakOptions {
  readonly seed: number;
  readonly messages: number;
  readonly conversations: number;
  /** How long posts are sent and faults strike. The deliveries then have `restMs` to come to rest. */
  readonly durationMs: number;
  readonly faultEveryMs: number;
  readonly restMs: number;
  readonly edits: boolean;
  readonly temporal: TemporalStore;
  readonly say: (line: string) => void;
}

export interface SoakResult extends Audit {
  readonly seed: number;
  readonly temporal: TemporalStore;
  readonly seconds: { readonly load: number; readonly rest: number };
  /** False when Toxiproxy could not be built. */
  readonly networkFaults: boolean;
  readonly planned: { readonly operations: number; readonly faults: number };
  readonly struck: readonly Struck[];
  readonly load: Omit<Load, 'accepted'> & { readonly accepted: number };
  readonly deaths: readonly Death[];
  readonly runs: Runs;
  /** What the API says of the deliveries that broke a promise. */
  readonly offenders: Readonly<Record<string, ShownDelivery>>;
}

const progressMs = 10_000;

/**
 * Posts messages while faults strike, ends the faults, waits until all deliveries are at rest, and audits the result.
 */
export async function soak(rig: Rig, options: SoakOptions): Promise<SoakResult> {
  const { seed, say } = options;
  const { operations, faults } = planSoak(options, rig.links !== undefined);
  say(`seed ${seed}: ${operations.length} operations and ${faults.length} faults in ${options.durationMs / 1_000} s`);
  const begin = Date.now();
  await loseFirstAnswers(rig);
  const load = newLoad();
  const stopProgress = startProgress(rig, load, say);
  const loading = runLoad(operations, rig.apis, createRandom(seed + 2), load);
  const striking = strikeAll(rig, faults, say);
  loading.catch(() => undefined); // it is thrown below, after the faults have ended
  try {
    const struck = await striking;
    await heal(rig, ['postgres', 'temporal', ...apiNames, ...workerNames]);
    await loading;
    const loaded = Date.now();
    say('all faults are over and all is accepted: waiting for rest');
    await untilRest(rig, options.restMs, say);
    const rested = Date.now();
    say('comparing');
    const [api] = rig.apis;
    if (api === undefined) throw new Error('a rig has APIs');
    const [shown, held] = [await readDeliveries(api, load.accepted), await readSinks(rig.simulators)];
    const { counts, offences } = audit(load.accepted, shown, held);
    const refused = load.refused.map(({ operation, answer }): Offence => ({
      what: 'refused',
      destination: '',
      delivery: operation.key,
      detail: answer,
    }));
    const all = [...refused, ...offences];
    return {
      seed,
      temporal: options.temporal,
      seconds: { load: (loaded - begin) / 1_000, rest: (rested - loaded) / 1_000 },
      networkFaults: rig.links !== undefined,
      planned: { operations: operations.length, faults: faults.length },
      struck,
      load: { ...load, accepted: load.accepted.length },
      deaths: rig.processes.deaths,
      runs: await readRuns(rig.temporalAddress),
      counts,
      offences: all,
      offenders: Object.fromEntries(
        all.flatMap(({ delivery }) => {
          const one = shown.get(delivery);
          return one === undefined ? [] : [[delivery, one]];
        }),
      ),
    };
  } finally {
    stopProgress();
  }
}

/** Number of answers that each sink loses for certain. It is too small to open a breaker. */
export const answersLost = 3;

/**
 * Lets each sink accept its first requests and reset their connections. Otherwise chance might place every fault where
 * no request is open, and the run would prove nothing about attempts that may have arrived.
 */
async function loseFirstAnswers({ apis: [api] }: Rig): Promise<void> {
  for (const destination of destinations)
    await api?.fault(simulatorOf[destination], {
      mode: 'reset-after',
      times: answersLost,
      path: postPath[destination],
    });
}

/** Plans the operations and faults of a seed, the same in every run. */
export function planSoak(
  { seed, messages, conversations, durationMs, faultEveryMs, edits }: SoakOptions,
  links: boolean,
): { operations: ReturnType<typeof planOperations>; faults: Fault[] } {
  return {
    operations: planOperations(createRandom(seed), { messages, conversations, durationMs, edits }),
    faults: planFaults(createRandom(seed + 1), { durationMs, everyMs: faultEveryMs, links }),
  };
}

/**
 * Waits until all deliveries are at rest, for at most `limitMs`. After that time the audit reports the deliveries that
 * are not at rest.
 */
async function untilRest(rig: Rig, limitMs: number, say: (line: string) => void): Promise<void> {
  const [api] = rig.apis;
  const open = 'state=queued&state=waiting&state=sending&state=retrying';
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(500)) {
    const answer = await api?.call('GET', `/v1/deliveries?${open}&limit=1`).catch(() => undefined);
    if (answer?.status === 200 && answer.body.data.length === 0) return;
  }
  say(`NOT AT REST within ${limitMs / 1_000} s`);
}

function startProgress({ sql }: Rig, load: Load, say: (line: string) => void): () => void {
  const show = async (): Promise<void> => {
    const accepted = `${load.done} accepted, ${load.unavailable} × 503, ${load.broken} × no answer`;
    try {
      const rows = await sql<{ state: string; count: number }[]>`
        select state, count(*)::int as count from deliveries group by state order by state`;
      say(`${accepted}; ${rows.map(({ state, count }) => `${count} ${state}`).join(', ')}`);
    } catch {
      say(`${accepted}; PostgreSQL is away`);
    }
  };
  const timer = setInterval(() => void show(), progressMs);
  return () => clearInterval(timer);
}
