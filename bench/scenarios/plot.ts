const blocks = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const full = blocks.length - 1;

/** Counts the values of each second from `since` on, up to the second of the last value. */
export function perSecond(at: readonly number[], since: number): number[] {
  const counts: number[] = [];
  for (const moment of at) {
    const second = Math.floor((moment - since) / 1_000);
    if (second < 0) continue;
    while (counts.length <= second) counts.push(0);
    counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts;
}

/** Returns the most values within any window of `windowMs` milliseconds, wherever it begins. */
export function mostWithin(at: readonly number[], windowMs: number): number {
  const sorted = [...at].sort((left, right) => left - right);
  let begin = 0;
  let most = 0;
  for (const [index, moment] of sorted.entries()) {
    while (moment - (sorted[begin] ?? moment) >= windowMs) begin += 1;
    most = Math.max(most, index - begin + 1);
  }
  return most;
}

/**
 * Draws a series as bars of characters, with the scale to the left and the time below. If there are more values than
 * columns, each column shows the largest of its values, so that no peak is hidden.
 */
export function plot(values: readonly number[], { width = 72, height = 6, unit = 's' } = {}): string[] {
  const step = Math.max(1, Math.ceil(values.length / width));
  const columns = Array.from({ length: Math.ceil(values.length / step) }, (_, index) =>
    Math.max(...values.slice(index * step, (index + 1) * step)),
  );
  const top = Math.max(1, ...columns);
  const margin = String(top).length;
  const bar = (value: number, row: number): string => {
    const eighths = Math.round((value / top) * height * full) - row * full;
    // A value above 0 is always visible, however small it is.
    const least = row === 0 && value > 0 ? 1 : 0;
    return blocks[Math.min(full, Math.max(least, eighths))] ?? ' ';
  };
  const rows = Array.from({ length: height }, (_, index) => {
    const row = height - 1 - index;
    const scale = row === height - 1 ? String(top) : row === 0 ? '0' : '';
    return `${scale.padStart(margin)} |${columns.map((value) => bar(value, row)).join('')}`.trimEnd();
  });
  const end = `${values.length} ${unit}`;
  const line = `${''.padStart(margin)} +${'-'.repeat(columns.length)}`;
  return [...rows, line, `${''.padStart(margin)}  0${end.padStart(Math.max(end.length + 1, columns.length - 1))}`];
}
