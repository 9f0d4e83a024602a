import { Problem } from '../errors.ts';

export interface LookUpCacheSettings<T> {
  readonly lookUp: (key: string) => Promise<T | undefined>;
  /** How long a result may be used, in milliseconds from the start of its look-up. */
  readonly keepMs: (found: T) => number;
  /** Beyond this number the oldest result is dropped. */
  readonly maxEntries: number;
  /** Beyond this number of look-ups under way, a further one gets a 503. */
  readonly maxPending: number;
}

/**
 * Caches what a look-up finds for a short time. Failed look-ups are not cached, because wrong keys would push out the
 * ones in use. Concurrent requests for the same key share one look-up.
 */
export function createLookUpCache<T>({
  lookUp,
  keepMs,
  maxEntries,
  maxPending,
}: LookUpCacheSettings<T>): (key: string) => Promise<T | undefined> {
  const kept = new Map<string, { readonly found: T; readonly until: number }>();
  const pending = new Map<string, Promise<T | undefined>>();

  async function load(key: string): Promise<T | undefined> {
    const start = performance.now();
    const found = await lookUp(key);
    kept.delete(key);
    if (found === undefined) return undefined;
    kept.set(key, { found, until: start + keepMs(found) });
    const [oldest] = kept.keys();
    if (kept.size > maxEntries && oldest !== undefined) kept.delete(oldest);
    return found;
  }

  return async (key) => {
    const known = kept.get(key);
    if (known !== undefined && performance.now() < known.until) return known.found;
    const under = pending.get(key);
    if (under !== undefined) return under;
    if (pending.size >= maxPending) throw new Problem('unavailable', 'Too many keys are being looked up already.');
    const work = load(key).finally(() => pending.delete(key));
    pending.set(key, work);
    return work;
  };
}
