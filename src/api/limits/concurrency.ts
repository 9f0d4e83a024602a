/** Lets only so many through at once; the others wait in order. */
export function createGate(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return async (work) => {
    if (inside >= width) await new Promise<void>((enter) => waiting.push(enter));
    else inside += 1;
    try {
      return await work();
    } finally {
      // Whoever enters next takes this place, so the count stays.
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    }
  };
}
