/**
 * Whether the work settles within `ms` milliseconds and before the signal is aborted. Never rejects; await `work`
 * itself for its result.
 */
export function settlesWithin(ms: number, work: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (isSettled: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      resolve(isSettled);
    };
    const giveUp = (): void => end(false);
    const timer = setTimeout(giveUp, ms);
    signal.addEventListener('abort', giveUp);
    work.then(
      () => end(true),
      () => end(true),
    );
  });
}
