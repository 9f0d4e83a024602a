import type { Logger } from 'pino';
import { isUnavailable, type Sql } from '../store/db/db.ts';
import { checkKeyRing, type KeyRing } from '../store/db/key-ring.ts';

/** The wait between two tries while PostgreSQL is away. */
const knockMs = 500;

/**
 * Checks that this process can decrypt what is stored. While PostgreSQL is away, it waits and tries again.
 * @param stopped resolves when this process must end.
 * @returns false when the process must end before PostgreSQL answered.
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
