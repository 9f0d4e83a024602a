/** The work took longer than it may; nobody knows whether it still takes effect. */
export class TimeLimitError extends Error {
  override name = 'TimeLimitError';
}

/**
 * Waits for the work, but not longer than so many milliseconds. The work itself goes on; what becomes of it then
 * concerns nobody.
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimeLimitError(`not done within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * One limit for several works, one after the other: each has what those before it left.
 * @param now a clock that never goes back, in milliseconds.
 */
export function sharedLimit(ms: number, now = () => performance.now()): <T>(work: Promise<T>) => Promise<T> {
  const end = now() + ms;
  return (work) => within(Math.max(0, Math.floor(end - now())), work);
}
