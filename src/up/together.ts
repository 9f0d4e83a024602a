/**
 * Runs tasks side by side. When one fails, the signal that all of them got is aborted, and the failure is thrown
 * when every one has ended: nothing goes on behind the caller's back.
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
