import type { Logger } from 'pino';
import type { Sql } from '../store/db/db.ts';
import { listenNow, noteGap } from '../store/inbound/gaps.ts';

const everyMs = 10_000;
/** The platforms' own redeliveries cover shorter gaps: Slack sends an event again after a minute. */
const gapSeconds = 60;

const tell = (log: Logger, wasGap: boolean): void => {
  if (wasGap) log.warn('nobody has listened at the hooks for a while; what was missed is being read');
};

/**
 * Records a gap in PostgreSQL if no process has listened for 60 s. Called before this process listens, so that new
 * events wait until the missed ones were read.
 */
export async function beforeListening(sql: Sql, log: Logger): Promise<void> {
  try {
    tell(log, await noteGap(sql, gapSeconds));
  } catch (error) {
    // PostgreSQL is away again. The next process that records that it listens also finds the gap.
    log.debug({ err: error }, 'could not look for what was missed');
  }
}

/**
 * Records every 10 s that this process listens at the hooks. A beat after a gap records the gap, and a worker then
 * reads what was missed.
 */
export function startListening(sql: Sql, log: Logger): { stop(): void } {
  const beat = (): void => {
    listenNow(sql, gapSeconds).then(
      (wasGap) => tell(log, wasGap),
      (error: unknown) => log.debug({ err: error }, 'could not say that the hooks are listened at'),
    );
  };
  const timer = setInterval(beat, everyMs);
  beat();
  return { stop: () => clearInterval(timer) };
}
