import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for a condition instead of a time.
 * @returns the first value that is neither false nor undefined.
 * @throws Error naming the condition when it does not hold within `limitMs` milliseconds.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  limitMs = 20_000,
): Promise<Exclude<T, false | undefined>> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    if (Date.now() >= end) throw new Error(`not within ${limitMs / 1_000} s: ${what}`);
    await sleep(20);
  }
}
