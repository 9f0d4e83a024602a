import type { Logger } from 'pino';
import type { Sql } from '../store/db/db.ts';
import { listenNow, noteGap } from '../store/inbound/gaps.ts';

const everyMs = 10_000;
/** Platforms bridge less than this by themselves: Slack's second try comes after a minute. */
const gapSeconds = 60;

const tell = (log: Logger, wasGap: boolean): void => {
  if (wasGap) log.warn('nobody has listened at the hooks for a while; what was missed is being read');
};

/** Called before this process listens: what was missed is then known of before anything else comes. */
export async function beforeListening(sql: Sql, log: Logger): Promise<void> {
  try {
    tell(log, await noteGap(sql, gapSeconds));
  } catch (error) {
    // PostgreSQL went away again: whoever can say that somebody listens finds the gap, too.
    log.debug({ err: error }, 'could not look for what was missed');
  }
}

/** Says again and again that this process listens at the hooks. What was missed before is then read by a worker. */
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
