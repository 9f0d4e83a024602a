/** The work took longer than its limit. It may still take effect. */
export class TimeLimitError extends Error {
  override name = 'TimeLimitError';
}

/**
 * Waits for the work for at most `ms` milliseconds. The work itself goes on after that, and its result is dropped.
 * @throws TimeLimitError after that time.
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
 * Makes one time limit for several pieces of work in a row. Each gets what the ones before it left.
 * @param now a monotonic clock, in milliseconds.
 */
export function sharedLimit(ms: number, now = () => performance.now()): <T>(work: Promise<T>) => Promise<T> {
  const end = now() + ms;
  return (work) => within(Math.max(0, Math.floor(end - now())), work);
}
