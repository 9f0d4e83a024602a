import { Problem } from '../errors.ts';

export interface LookUpCacheSettings<T> {
  readonly lookUp: (key: string) => Promise<T | undefined>;
  /** How long what was found may be used, in milliseconds from when it was asked for. */
  readonly keepMs: (found: T) => number;
  /** What was looked up first goes first. */
  readonly maxEntries: number;
  /** Look-ups under way at once; beyond that it is a 503. */
  readonly maxPending: number;
}

/**
 * Keeps what was found for a short time. What was not found is not kept: whoever guesses would push out what is in use.
 * However many ask for the same at once, it is looked up once.
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
