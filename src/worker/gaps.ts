import type { Logger } from 'pino';
import type { Sql } from '../store/db/db.ts';
import { takeOpenGaps } from '../store/inbound/gaps.ts';
import type { Runs } from '../temporal/runs.ts';
import { startLoop, type Loop } from './loop.ts';

/** What comes live waits for what was missed, so that is begun soon. */
const everyMs = 1_000;
/** A run that was terminated or lost is started again after so long; one that is there is left alone. */
const againSeconds = 120;

/** Starts the runs that read what was missed while nobody listened at the hooks. */
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
