/** A process that the supervisor keeps running, by its name in `run.json`, log files and messages. */
export type Role = 'postgres' | 'temporal' | 'simulate' | 'migrate' | 'api' | 'worker';

/**
 * The order of a shutdown: first the role that takes work in, then the roles that do the work, and last the stores that
 * both need. Members of one group do not depend on each other.
 */
export const stopOrder: readonly (readonly Role[])[] = [
  ['api'],
  ['worker', 'migrate'],
  ['simulate'],
  ['temporal'],
  ['postgres'],
];

/**
 * The nice(1) values of roles that give way when the machine is overloaded. Accepting has priority, so that a new
 * message does not wait behind the deliveries of earlier ones. On a machine with capacity to spare this slows nothing.
 */
export const niceness: Readonly<Partial<Record<Role, number>>> = { temporal: 10, worker: 10 };

/** A signal and the time to wait for its effect, in milliseconds. A process that outlives its last step is killed. */
export interface StopStep {
  readonly signal: NodeJS.Signals;
  readonly graceMs: number;
}

/** A request to a platform may take 60 s. A process that is stopped meanwhile gets the time to settle it. */
const longestRequestGraceMs = 75_000;

export const stopSteps: Readonly<Record<Role, readonly StopStep[]>> = {
  api: [{ signal: 'SIGTERM', graceMs: longestRequestGraceMs }],
  worker: [{ signal: 'SIGTERM', graceMs: longestRequestGraceMs }],
  migrate: [{ signal: 'SIGTERM', graceMs: 10_000 }],
  simulate: [{ signal: 'SIGTERM', graceMs: 5_000 }],
  temporal: [{ signal: 'SIGTERM', graceMs: 15_000 }],
  // SIGINT is PostgreSQL's fast shutdown. SIGQUIT is its immediate shutdown, after which the next start runs a
  // recovery. SIGTERM would wait until every client has disconnected.
  postgres: [
    { signal: 'SIGINT', graceMs: 30_000 },
    { signal: 'SIGQUIT', graceMs: 10_000 },
  ],
};
