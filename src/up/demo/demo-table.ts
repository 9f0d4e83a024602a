import type { DemoMessage } from './demo-client.ts';

const headings = ['destination', 'state', 'attempts', 'next attempt', 'reason'] as const;

/**
 * The state of a message as text, with one row for each delivery.
 * @param now the time from which the wait for the next attempt is counted.
 */
export function demoTable({ id, state, deliveries }: DemoMessage, now: Date): readonly string[] {
  const rows = deliveries.map(({ destination, state: of, attempts, maxAttempts, nextAttemptAt, reason }) => [
    destination,
    of,
    `${attempts} of ${maxAttempts}`,
    typeof nextAttemptAt === 'string' ? inSeconds(new Date(nextAttemptAt), now) : '-',
    typeof reason === 'object' && reason !== null ? (reason.message ?? reason.code) : '-',
  ]);
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  return [`demo message ${id}: ${state}`, line(headings), ...rows.map(line)];
}

function inSeconds(due: Date, now: Date): string {
  return `in ${Math.max(0, Math.round((due.getTime() - now.getTime()) / 1_000))} s`;
}
