import { setTimeout as sleep } from 'node:timers/promises';

const shortestPauseMs = 20;
const longestPauseMs = 200;

/**
 * Waits for a condition instead of a time. It looks again after 20 ms at first; a look that takes long, or a wait that
 * has lasted long, makes the pauses longer, to 200 ms at most. Looking every 20 ms throughout took a third of the CPU
 * time of the tests that wait for hundreds of deliveries, and so made all of them wait longer.
 * @returns the first value that is neither false nor undefined.
 * @throws Error naming the condition when it does not hold within `limitMs` milliseconds.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  limitMs = 20_000,
): Promise<Exclude<T, false | undefined>> {
  const begin = performance.now();
  for (;;) {
    const before = performance.now();
    const value = await look();
    if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    const now = performance.now();
    if (now - begin >= limitMs) throw new Error(`not within ${limitMs / 1_000} s: ${what}`);
    const pauseMs = Math.max(now - before, (now - begin) / 20, shortestPauseMs);
    await sleep(Math.min(pauseMs, longestPauseMs));
  }
}
