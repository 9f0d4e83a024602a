/** How many times a comparison is tried. Code that takes quadratic time does so each time; a busy machine does not. */
const tries = 6;
/** Largest ratio of linear code when the input is four times as long. Linear code has 4, quadratic code 16. */
const most = 9;
/** A time in milliseconds below which the long input counts as fast, because chance decides about shorter times. */
const least = 40;

/**
 * Measures how much longer an action takes with a text four times as long. Tries until the ratio is linear.
 * @param some the action with a text; `more` is the action with a text four times as long.
 */
export function growth(some: () => unknown, more: () => unknown): { readonly isLinear: boolean; ratios: number[] } {
  const ratios: number[] = [];
  while (ratios.length < tries && !ratios.some((ratio) => ratio < most)) {
    const [short, long] = [timeOf(some), timeOf(more)];
    ratios.push(long < least ? 0 : long / Math.max(short, 1));
  }
  return { isLinear: ratios.some((ratio) => ratio < most), ratios };
}

/** Returns the CPU time of an action in milliseconds. Elapsed time would include the work of other processes. */
function timeOf(action: () => unknown): number {
  const begin = process.cpuUsage();
  action();
  return process.cpuUsage(begin).user / 1_000;
}
