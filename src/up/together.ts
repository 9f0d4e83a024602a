/**
 * Runs tasks at the same time. When one fails, the signal of all tasks is aborted. The error is thrown after every task
 * has ended, so that no task keeps running unnoticed.
 */
export async function together(
  signal: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const failed = new AbortController();
  const shared = AbortSignal.any([signal, failed.signal]);
  await Promise.allSettled(
    tasks.map(async (task) => {
      try {
        await task(shared);
      } catch (error) {
        failed.abort(error);
      }
    }),
  );
  failed.signal.throwIfAborted();
}
