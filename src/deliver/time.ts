/**
 * Waits for some milliseconds.
 * @throws the signal's reason as soon as the signal is aborted.
 */
export async function sleep(ms: number, signal?: AbortSignal): Promise<undefined> {
  signal?.throwIfAborted();
  let stop: (() => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, Math.max(1, Math.ceil(ms)));
      stop = () => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', stop, { once: true });
    });
  } finally {
    if (stop !== undefined) signal?.removeEventListener('abort', stop);
  }
  return undefined;
}

/** @returns what the work gives, or undefined where it takes longer. The work itself goes on. */
export async function valueWithin<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
