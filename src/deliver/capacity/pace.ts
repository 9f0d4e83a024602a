import { slotIntervalMs, type Rate } from '../../domain/gate.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { GateRate } from '../../store/waiting/rates.ts';

/**
 * Keeps this worker's sends under one rate apart. Their slots are apart, but the way from a slot to its send takes a
 * different time for each.
 */
export interface Pace {
  /**
   * Resolves when the caller may send: in the order of the calls, and as far behind the previous send as the rates
   * demand.
   */
  keep(tenant: TenantId, rates: readonly GateRate[]): Promise<void>;
}

/**
 * A send waits here for at most this time, because its claim is already running out. After a longer delay, such as a
 * database that hung, sends go a little faster than their rate instead.
 */
const mostMs = 500;

/** The sends under one gate's rate, one after the other. */
interface Line {
  /** When the next send may go by the rate alone, without its burst. */
  freeAt: number;
  last: Promise<void>;
}

/**
 * PostgreSQL gives out the slots for all workers. Between a slot and its send lie a signal, a task and three
 * statements. Without this, on a machine that was busy for a quarter of a second, a rate of 20/s was seen as 25 sends
 * in one second.
 * @param now a clock that never goes back, in milliseconds.
 */
export function createPace(now: () => number = () => performance.now()): Pace {
  const lines = new Map<string, Line>();

  async function pass(line: Line, rate: Rate, until: number): Promise<void> {
    const intervalMs = slotIntervalMs(rate);
    // The time is computed again after each wait. Otherwise a timer that fires late would let all sends behind it go at
    // once.
    for (;;) {
      const at = Math.min(line.freeAt - (rate.burst - 1) * intervalMs, until);
      if (at <= now()) break;
      await new Promise((resolve) => setTimeout(resolve, Math.ceil(at - now())));
    }
    line.freeAt = Math.max(line.freeAt, now()) + intervalMs;
  }

  return {
    async keep(tenant, rates) {
      const until = now() + mostMs;
      for (const { gate, rate } of rates) {
        const key = `${tenant} ${gate}`;
        const line = lines.get(key) ?? { freeAt: 0, last: Promise.resolve() };
        lines.set(key, line);
        line.last = line.last.then(() => pass(line, rate, until));
        await line.last;
      }
    },
  };
}
