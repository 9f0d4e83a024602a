/** How a receiver treats the requests on one path. */
export interface Manner {
  /** 200 unless told otherwise; nothing is taken with any other. */
  readonly status?: number;
  /** Before the answer. */
  readonly delayMs?: number;
  /** Now and then something goes wrong; see `faultOf`. */
  readonly isFaulty?: boolean;
}

export type Fault = 'error' | 'busy' | 'reset-before' | 'reset-after';

const faults: readonly Fault[] = ['error', 'busy', 'reset-before', 'reset-after'];

/**
 * What goes wrong with the nth request of a path, from 1: the same in each run. About one in five; at times two in a row,
 * so that an attempt after a fault meets one too. After `reset-after` the request was taken and its sender does not know.
 */
export function faultOf(nth: number): Fault | undefined {
  const isHit = nth % 7 === 0 || nth % 11 === 1;
  return isHit ? faults[Math.floor(nth / 7) % faults.length] : undefined;
}
