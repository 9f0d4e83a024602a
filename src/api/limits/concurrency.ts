/** Makes a function that runs at most `width` pieces of work at the same time. Others wait, in order. */
export function createGate(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return async (work) => {
    if (inside >= width) await new Promise<void>((enter) => waiting.push(enter));
    else inside += 1;
    try {
      return await work();
    } finally {
      // The next one enters in exchange for this one, so the count does not change.
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    }
  };
}
