/** Work that repeats until it is stopped. */
export interface Loop {
  readonly isStopping: boolean;
  /** There may be work: ends the current pause, or skips the next one. */
  poke(): void;
  /** Ends the current pause, or waits for the current turn. Resolves when the loop has ended. */
  stop(): Promise<void>;
}

/**
 * Calls `turn` again and again, with a pause after each call.
 * @param turn resolves to the length of the pause in milliseconds.
 * @param failed gets the error of a turn and returns the length of the pause in milliseconds.
 */
export function startLoop(turn: (loop: Loop) => Promise<number>, failed: (error: unknown) => number): Loop {
  let isStopping = false;
  let isPoked = false;
  let wakeUp = (): void => undefined;
  let ended: Promise<void> = Promise.resolve();

  async function run(loop: Loop): Promise<void> {
    while (!isStopping) {
      isPoked = false;
      const pauseMs = await turn(loop).catch(failed);
      if (isStopping) return;
      if (isPoked) continue;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        wakeUp = resolve;
        timer = setTimeout(resolve, pauseMs);
      });
      clearTimeout(timer);
    }
  }

  const loop: Loop = {
    get isStopping() {
      return isStopping;
    },
    poke() {
      isPoked = true;
      wakeUp();
    },
    async stop() {
      isStopping = true;
      wakeUp();
      await ended;
    },
  };
  ended = run(loop);
  return loop;
}
