import { figure } from '../table.ts';

/** What a scenario wants of a figure. */
export interface Aim {
  readonly what: string;
  readonly measured: number;
  /** An aim has either `atLeast` or `atMost`. */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** Whether this is a promise. A broken promise fails the run; a missed speed is only reported. */
  readonly isPromise?: true;
}

/** Whether an aim is met. A value that was not measured (NaN) does not meet it. */
export function isMet({ measured, atLeast = -Infinity, atMost = Infinity }: Aim): boolean {
  return measured >= atLeast && measured <= atMost;
}

export const brokenPromises = (aims: readonly Aim[]): Aim[] => aims.filter((aim) => aim.isPromise && !isMet(aim));

/** Returns one line per aim: whether it is met, its figure and its bound. */
export function aimLines(aims: readonly Aim[]): string[] {
  return aims.map((aim) => {
    const word = isMet(aim) ? 'met   ' : aim.isPromise ? 'BROKEN' : 'missed';
    const wanted = aim.atLeast === undefined ? `≤ ${shown(aim.atMost)}` : `≥ ${shown(aim.atLeast)}`;
    return `${word}  ${aim.what}: ${shown(aim.measured)} (aim ${wanted})`;
  });
}

const shown = (value: number | undefined): string => (Number.isInteger(value) ? String(value) : figure(value));
