/** A number of places, handed out in the order of asking. */
export interface Places {
  /** @returns how to give the place back; undefined when none came free in time. */
  take(waitMs: number): Promise<(() => void) | undefined>;
  /** Milliseconds for which the place that is held longest has been; 0 where none is. */
  longestHeldMs(): number;
  readonly isIdle: boolean;
}

/** @param now a clock that never goes back, in milliseconds. */
export function createPlaces(count: number, now: () => number = () => performance.now()): Places {
  const held = new Set<{ readonly since: number }>();
  const waiting = new Set<(leave: () => void) => void>();

  function seat(): () => void {
    const place = { since: now() };
    held.add(place);
    return () => {
      if (!held.delete(place)) return;
      const [next] = waiting;
      if (next === undefined) return;
      waiting.delete(next);
      next(seat());
    };
  }

  return {
    async take(waitMs) {
      if (held.size < count) return seat();
      return new Promise((resolve) => {
        const called = (leave: () => void): void => {
          clearTimeout(timer);
          resolve(leave);
        };
        const timer = setTimeout(() => {
          waiting.delete(called);
          resolve(undefined);
        }, waitMs);
        waiting.add(called);
      });
    },
    longestHeldMs() {
      // A set keeps the order in which its members came, so the first one is the oldest.
      const [oldest] = held;
      return oldest === undefined ? 0 : now() - oldest.since;
    },
    get isIdle() {
      return held.size === 0 && waiting.size === 0;
    },
  };
}
