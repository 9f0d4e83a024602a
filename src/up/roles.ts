/** What the supervisor keeps running, by the name that `run.json`, log files and messages use. */
export type Role = 'postgres' | 'temporal' | 'simulate' | 'migrate' | 'api' | 'worker';

/**
 * The order of shutdown: first who takes work in, then who works, last the stores that both lean on.
 * Members of one group do not depend on each other.
 */
export const stopOrder: readonly (readonly Role[])[] = [
  ['api'],
  ['worker', 'migrate'],
  ['simulate'],
  ['temporal'],
  ['postgres'],
];

/**
 * Who steps back when the machine has more to do than it can, as nice(1) counts it. Accepting comes first: a post should
 * not wait behind the deliveries of those before it. Nobody else is slowed by that, and nothing while there is room.
 */
export const niceness: Readonly<Partial<Record<Role, number>>> = { temporal: 10, worker: 10 };

/** One signal and how long its effect is waited for. What outlives its last step is killed. */
export interface StopStep {
  readonly signal: NodeJS.Signals;
  readonly graceMs: number;
}

/** A request to a platform may last 60 s; a process that has one open gets time to settle it. */
const longestRequestGraceMs = 75_000;

export const stopSteps: Readonly<Record<Role, readonly StopStep[]>> = {
  api: [{ signal: 'SIGTERM', graceMs: longestRequestGraceMs }],
  worker: [{ signal: 'SIGTERM', graceMs: longestRequestGraceMs }],
  migrate: [{ signal: 'SIGTERM', graceMs: 10_000 }],
  simulate: [{ signal: 'SIGTERM', graceMs: 5_000 }],
  temporal: [{ signal: 'SIGTERM', graceMs: 15_000 }],
  // SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one (recovery at the next start). SIGTERM would wait
  // for every client to leave by itself.
  postgres: [
    { signal: 'SIGINT', graceMs: 30_000 },
    { signal: 'SIGQUIT', graceMs: 10_000 },
  ],
};
