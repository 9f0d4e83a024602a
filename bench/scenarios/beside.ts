import { spread, type Spread } from '../statistics.ts';
import { figure } from '../table.ts';
import type { Aim } from './aims.ts';
import type { Tally } from './evidence.ts';

/** Latencies of one part of a run next to those of its reference, in milliseconds. */
export interface Beside {
  readonly reference: Spread;
  readonly measured: Spread;
  /** p99 of the measured part divided by p99 of the reference. */
  readonly ratio: number;
}

export function beside(reference: readonly number[], measured: readonly number[]): Beside {
  const both = { reference: spread(reference), measured: spread(measured) };
  return { ...both, ratio: both.measured.p99 / both.reference.p99 };
}

export const spreadHeadings = ['milliseconds', 'count', 'p50', 'p99', 'max', 'p99 ÷ reference'] as const;

export const spreadRow = (title: string, { count, p50, p99, max }: Spread, ratio?: number): string[] => [
  title,
  String(count),
  ...[p50, p99, max, ratio].map(figure),
];

/** Returns the aims that nothing is lost, doubled or refused. */
export function promisesOf(tallies: readonly Tally[]): Aim[] {
  const total = (count: (one: Tally) => number): number => tallies.reduce((all, one) => all + count(one), 0);
  return [
    { what: 'lost', measured: total(({ lost }) => lost), atMost: 0, isPromise: true },
    { what: 'doubled', measured: total(({ doubled }) => doubled), atMost: 0, isPromise: true },
    { what: 'posts without 202', measured: total(({ refused }) => refused), atMost: 0 },
  ];
}
