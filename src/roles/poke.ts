import type { Logger } from 'pino';
import type { Sql } from '../store/db/db.ts';
import { acceptedChannel } from '../contract.ts';

/** Inside the accept transaction a NOTIFY takes a global lock and halves the rate (3 800 → 2 200 accepts/s). */
const everyMs = 20;

/** Tells the workers that there is work for them, accepted messages where no other channel is named: at most once per 20 ms, after the commit, never waited for. */
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
