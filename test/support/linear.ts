/** Tries of a comparison: what takes time by the square does so each time, and other processes do not. */
const tries = 6;
/** Four times as long: linear is 4, and a square 16. */
const most = 9;
/** In milliseconds: less cannot be told from chance, and is no square of anything. */
const least = 40;

/**
 * How much longer four times as much takes, of each try until one is linear.
 * @param some what is done with a text, and `more` with one four times as long.
 */
export function growth(some: () => unknown, more: () => unknown): { readonly isLinear: boolean; ratios: number[] } {
  const ratios: number[] = [];
  while (ratios.length < tries && !ratios.some((ratio) => ratio < most)) {
    const [short, long] = [timeOf(some), timeOf(more)];
    ratios.push(long < least ? 0 : long / Math.max(short, 1));
  }
  return { isLinear: ratios.some((ratio) => ratio < most), ratios };
}

/** Of this process, in milliseconds: others may have the cores meanwhile. */
function timeOf(action: () => unknown): number {
  const begin = process.cpuUsage();
  action();
  return process.cpuUsage(begin).user / 1_000;
}
