import { figure } from '../table.ts';

/** What a scenario wants to see of a figure. */
export interface Aim {
  readonly what: string;
  readonly measured: number;
  /** Exactly one of the two. */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** Of a promise: one that is broken fails the run, where a speed that is missed only is said to be. */
  readonly isPromise?: true;
}

/** What was not measured (NaN) is not met. */
export function isMet({ measured, atLeast = -Infinity, atMost = Infinity }: Aim): boolean {
  return measured >= atLeast && measured <= atMost;
}

export const brokenPromises = (aims: readonly Aim[]): Aim[] => aims.filter((aim) => aim.isPromise && !isMet(aim));

/** One line for each: met or missed, the figure, the aim. */
export function aimLines(aims: readonly Aim[]): string[] {
  return aims.map((aim) => {
    const word = isMet(aim) ? 'met   ' : aim.isPromise ? 'BROKEN' : 'missed';
    const wanted = aim.atLeast === undefined ? `≤ ${shown(aim.atMost)}` : `≥ ${shown(aim.atLeast)}`;
    return `${word}  ${aim.what}: ${shown(aim.measured)} (aim ${wanted})`;
  });
}

const shown = (value: number | undefined): string => (Number.isInteger(value) ? String(value) : figure(value));
