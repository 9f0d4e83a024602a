import type { Logger } from 'pino';
import type { Sql } from '../store/db/db.ts';
import { takeSilentJobs } from '../store/jobs/jobs.ts';
import type { Runs } from '../temporal/runs.ts';
import { startLoop } from './loop.ts';

const everyMs = 1_000;
/** How many jobs one look takes. Each job goes to one worker. */
const batch = 20;

/**
 * Starts the runs of jobs that were stored while Temporal was away, and of jobs whose run was terminated or lost. An
 * open run is left alone.
 */
export function startJobStarter({ sql, runs, log }: { sql: Sql; runs: Runs; log: Logger }): { stop(): Promise<void> } {
  return startLoop(
    async () => {
      for (const job of await takeSilentJobs(sql, batch)) {
        await runs.startJob(job);
        log.debug({ job: job.id }, 'jobs: made sure that it runs');
      }
      return everyMs;
    },
    (error) => {
      log.warn({ err: error }, 'jobs: could not be started; tried again within half a minute');
      return everyMs;
    },
  );
}
