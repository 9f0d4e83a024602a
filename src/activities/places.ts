/** A number of places, handed out by rank, and in the order of asking among equals. */
export interface Places {
  /**
   * @param rank lower ones go first.
   * @returns how to give the place back; undefined when none came free in time.
   */
  take(waitMs: number, rank: number): Promise<(() => void) | undefined>;
  /** Milliseconds for which the place that is held longest has been; 0 where none is. */
  longestHeldMs(): number;
  readonly isIdle: boolean;
}

/** @param now a clock that never goes back, in milliseconds. */
export function createPlaces(count: number, now: () => number = () => performance.now()): Places {
  const held = new Set<{ readonly since: number }>();
  const waiting: { readonly rank: number; readonly called: (leave: () => void) => void }[] = [];

  function seat(): () => void {
    const place = { since: now() };
    held.add(place);
    return () => {
      if (!held.delete(place)) return;
      const next = waiting.shift();
      if (next !== undefined) next.called(seat());
    };
  }

  return {
    async take(waitMs, rank) {
      if (held.size < count) return seat();
      return new Promise((resolve) => {
        const one = {
          rank,
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
      // A set keeps the order in which its members came, so the first one is the oldest.
      const [oldest] = held;
      return oldest === undefined ? 0 : now() - oldest.since;
    },
    get isIdle() {
      return held.size === 0 && waiting.length === 0;
    },
  };
}
