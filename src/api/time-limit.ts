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
