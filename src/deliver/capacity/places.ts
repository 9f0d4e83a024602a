/** A fixed number of places, given out by rank, and in the order of the requests where ranks are equal. */
export interface Places {
  /**
   * Takes places, and waits for them for at most `waitMs` milliseconds.
   * @param rank lower ranks go first.
   * @param number how many places to take together, 1 by default. More than there are means all of them.
   * @returns a function that gives them back; undefined where they were not free in time.
   */
  take(waitMs: number, rank: number, number?: number): Promise<(() => void) | undefined>;
  /** @returns for how many milliseconds the oldest holder has had its places; 0 where all are free. */
  longestHeldMs(): number;
  /** All places are free, and no request waits. */
  readonly isIdle: boolean;
}

/**
 * Makes `count` places.
 * @param now a clock that never goes back, in milliseconds.
 */
export function createPlaces(count: number, now: () => number = () => performance.now()): Places {
  const held = new Set<{ readonly since: number }>();
  const waiting: { readonly rank: number; readonly number: number; readonly called: (leave: () => void) => void }[] =
    [];
  let free = count;

  function seat(number: number): () => void {
    const place = { since: now() };
    held.add(place);
    free -= number;
    return () => {
      if (!held.delete(place)) return;
      free += number;
      for (let next = waiting[0]; next !== undefined && next.number <= free; next = waiting[0]) {
        waiting.shift();
        next.called(seat(next.number));
      }
    };
  }

  return {
    async take(waitMs, rank, wanted = 1) {
      const number = Math.min(wanted, count);
      if (waiting.length === 0 && number <= free) return seat(number);
      return new Promise((resolve) => {
        const one = {
          rank,
          number,
          called(leave: () => void): void {
            clearTimeout(timer);
            resolve(leave);
          },
        };
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(one), 1);
          resolve(undefined);
        }, waitMs);
        const behind = waiting.findIndex((other) => other.rank > rank);
        waiting.splice(behind < 0 ? waiting.length : behind, 0, one);
      });
    },
    longestHeldMs() {
      // A set keeps its members in the order of insertion, so the first one is the oldest.
      const [oldest] = held;
      return oldest === undefined ? 0 : now() - oldest.since;
    },
    get isIdle() {
      return held.size === 0 && waiting.length === 0;
    },
  };
}
