const blocks = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const full = blocks.length - 1;

/** How often in each second from `since` on; the last one that is counted holds the last of them. */
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

/** The most that any stretch of so many milliseconds holds, wherever it begins. */
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
 * A series as bars of characters: the scale to the left, the time below. Where there are more values than columns a
 * column shows the largest of its values, so that no peak is hidden.
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
    // What is there at all is seen, however small.
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
