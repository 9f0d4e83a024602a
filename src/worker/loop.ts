/** Work that is done again and again until it is stopped. */
export interface Loop {
  readonly isStopping: boolean;
  /** There may be work: ends a pause at once, or spares the next one. */
  poke(): void;
  /** Ends a pause at once, and otherwise after the turn in hand. */
  stop(): Promise<void>;
}

/**
 * @param turn resolves to the milliseconds to pause behind it.
 * @param failed called with what a turn threw; says how long to pause before the next one.
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
