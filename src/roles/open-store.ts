import type { Logger } from 'pino';
import { isUnavailable, type Sql } from '../store/db/db.ts';
import { checkKeyRing, type KeyRing } from '../store/db/key-ring.ts';

/** Between two knocks at a PostgreSQL that is away. */
const knockMs = 500;

/**
 * Proves that this process can open what is stored, as soon as PostgreSQL answers: one that starts while it is away waits
 * for it, as one that runs does.
 * @param stopped resolves when this process must end.
 * @returns false when it must end before that.
 * @throws KeyRingError when the keys do not fit.
 */
export async function openStore(sql: Sql, ring: KeyRing, log: Logger, stopped: Promise<unknown>): Promise<boolean> {
  let isStopped = false;
  void stopped.then(() => (isStopped = true));
  for (let isKnown = false; !isStopped; isKnown = true) {
    try {
      await checkKeyRing(sql, ring);
      return true;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (!isKnown) log.warn({ err: error }, 'PostgreSQL is away: waiting for it');
      await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, knockMs))]);
    }
  }
  return false;
}
