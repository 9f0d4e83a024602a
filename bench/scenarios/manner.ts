/** How a receiver treats the requests to one path. */
export interface Manner {
  /** Default: 200. With any other status the receiver accepts nothing. */
  readonly status?: number;
  /** Milliseconds before the answer. */
  readonly delayMs?: number;
  /** Whether some requests fail, as `faultOf` says. */
  readonly isFaulty?: boolean;
}

export type Fault = 'error' | 'busy' | 'reset-before' | 'reset-after';

const faults: readonly Fault[] = ['error', 'busy', 'reset-before', 'reset-after'];

/**
 * Returns the fault of the nth request to a path, from 1; the same in each run. About one in five requests fails.
 * Sometimes two in a row fail, so that the attempt after a failed one fails too. With `reset-after` the receiver
 * accepts the request, but its sender does not learn that.
 */
export function faultOf(nth: number): Fault | undefined {
  const isHit = nth % 7 === 0 || nth % 11 === 1;
  return isHit ? faults[Math.floor(nth / 7) % faults.length] : undefined;
}
