import type { Logger } from 'pino';
import type { Sql } from '../store/db.ts';
import { listenNow } from '../store/gaps.ts';

const everyMs = 10_000;
/** Platforms bridge less than this by themselves: Slack's second try comes after a minute. */
const gapSeconds = 60;

/** Says again and again that this process listens at the hooks. What was missed before is then read by a worker. */
export function startListening(sql: Sql, log: Logger): { stop(): void } {
  const beat = (): void => {
    listenNow(sql, gapSeconds).then(
      (wasGap) => wasGap && log.warn('nobody has listened at the hooks for a while; what was missed is being read'),
      (error: unknown) => log.debug({ err: error }, 'could not say that the hooks are listened at'),
    );
  };
  const timer = setInterval(beat, everyMs);
  beat();
  return { stop: () => clearInterval(timer) };
}
