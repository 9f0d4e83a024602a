/** What Ctrl-C and `kill` mean to the supervisor. */
export interface StopSignals {
  /** Aborted by the first signal: stop all processes in order. */
  readonly stop: AbortSignal;
  /** Aborted by the second signal: stop at once. */
  readonly hurry: AbortSignal;
  /** Restores the default effect of the signals. */
  release(): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Under `npm start` one Ctrl-C arrives twice: from the terminal, and forwarded by npm. A signal this soon after the
 * first is that echo and not a second Ctrl-C.
 */
const echoMs = 1_000;

/** Handles SIGINT, SIGTERM and SIGHUP until `release` is called. */
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
