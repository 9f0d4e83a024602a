import type { Logger } from 'pino';
import type { Sql } from '../store/db/db.ts';
import { takeOpenGaps } from '../store/inbound/gaps.ts';
import type { Runs } from '../temporal/runs.ts';
import { startLoop, type Loop } from './loop.ts';

/** Short, because new events wait until the missed ones were read. */
const everyMs = 1_000;
/** After this time the run of a gap is started again in case it was terminated or lost. An open run is left alone. */
const againSeconds = 120;

/** Starts the runs that read what was missed while no process listened at the hooks. */
export function startGaps({ sql, runs, log }: { sql: Sql; runs: Runs; log: Logger }): Loop {
  return startLoop(
    async () => {
      for (const gap of await takeOpenGaps(sql, againSeconds)) {
        await runs.catchUp(gap);
        log.info({ gap }, 'gaps: reading what was missed');
      }
      return everyMs;
    },
    (error) => {
      log.warn({ err: error }, 'gaps: a catch-up could not be started; tried again');
      return everyMs;
    },
  );
}
