/**
 * Whether work ends, well or not, within so many milliseconds and before the signal. Never rejects: who wants the
 * work's result awaits it afterwards.
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
