/** What Ctrl-C and `kill` mean to the supervisor. */
export interface StopSignals {
  /** Aborted by the first signal: stop in order. */
  readonly stop: AbortSignal;
  /** Aborted by the second: stop at once. */
  readonly hurry: AbortSignal;
  /** Gives the signals back to their default meaning. */
  release(): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * One Ctrl-C arrives twice under `npm start`: from the terminal, and passed on by npm. What comes so soon after the
 * first is its echo, not a second command.
 */
const echoMs = 1_000;

/** Takes over the signals that end a foreground program. */
export function listenForStop(): StopSignals {
  const stop = new AbortController();
  const hurry = new AbortController();
  let firstAt = 0;
  const onSignal = (): void => {
    if (!stop.signal.aborted) {
      firstAt = Date.now();
      stop.abort();
    } else if (Date.now() - firstAt > echoMs) hurry.abort();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    stop: stop.signal,
    hurry: hurry.signal,
    release: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
