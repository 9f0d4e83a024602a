import type { Logger } from 'pino';
import type { Sql } from '../store/db/db.ts';
import { acceptedChannel } from '../contract.ts';

/**
 * At most one NOTIFY in 20 ms, outside the accept transaction. Inside it, NOTIFY takes a global lock, and the rate
 * falls from 3800 to 2200 accepts/s.
 */
const everyMs = 20;

/**
 * Returns a function that tells the workers that there is work. Call it after the commit. It returns at once, and a
 * notification that is lost is not repeated, because the workers look every second anyway.
 * @param channel by default the channel for accepted messages.
 */
export function createPoke(sql: Sql, log: Logger, channel: string = acceptedChannel): () => void {
  let timer: NodeJS.Timeout | undefined;
  let last = 0;
  const notify = (): void => {
    timer = undefined;
    last = performance.now();
    sql
      .notify(channel, '')
      .catch((error: unknown) => log.debug({ err: error }, 'poke was lost; workers look every second'));
  };
  return () => {
    timer ??= setTimeout(notify, Math.max(0, last + everyMs - performance.now()));
  };
}
