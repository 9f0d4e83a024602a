/** Does something once for all stories, as soon as each of them has reached this call or has ended. */
export type Once = <R>(act: () => Promise<R>) => Promise<R>;

/**
 * Runs one story for several items at the same time, in step: an action inside `once` is done one time for all of them.
 * A story that fails does not make the others fail, and they go on without it.
 * @returns a function that resolves or rejects as the story of its item does. Its first call starts all stories.
 */
export function inStep<T>(all: readonly T[], story: (one: T, once: Once) => Promise<void>): (one: T) => Promise<void> {
  let running = all.length;
  let step: { arrived: number; begin(): void; readonly done: Promise<unknown> } | undefined;
  let told: ReadonlyMap<T, Promise<void>> | undefined;

  function beginWhenAllArrived(): void {
    if (step === undefined || step.arrived < running) return;
    const { begin } = step;
    step = undefined;
    begin();
  }
  const once: Once = <R>(act: () => Promise<R>) => {
    if (step === undefined) {
      let begin = (): void => undefined;
      const done = new Promise<void>((resolve) => (begin = resolve)).then(act);
      step = { arrived: 0, begin, done };
    }
    step.arrived += 1;
    const done = step.done as Promise<R>;
    beginWhenAllArrived();
    return done;
  };
  const tell = async (one: T): Promise<void> => {
    try {
      await story(one, once);
    } finally {
      running -= 1;
      beginWhenAllArrived();
    }
  };

  return async (one) => {
    told ??= new Map(all.map((each) => [each, tell(each)]));
    // Each story is awaited by its own test, which may begin long after the story has failed.
    for (const each of told.values()) each.catch(() => undefined);
    await told.get(one);
  };
}
