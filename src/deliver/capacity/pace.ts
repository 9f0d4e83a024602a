import { slotIntervalMs, type Rate } from '../../domain/gate.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { GateRate } from '../../store/waiting/rates.ts';

/** Keeps this worker's sends of a rate apart: from its slot on, each is a different time on its way. */
export interface Pace {
  /** Resolves when it may be sent: in the order of coming, and no sooner after the others than the rates allow. */
  keep(tenant: TenantId, rates: readonly GateRate[]): Promise<void>;
}

/**
 * Nobody waits longer here: its claim is running, and says until when a send may take. What is held up for longer than
 * this after its claim, by a database that hung, goes a little too fast instead.
 */
const mostMs = 500;

/** Those of one scope, one behind the other. */
interface Line {
  /** When the next one may go by the rate alone, without its burst. */
  freeAt: number;
  last: Promise<void>;
}

/**
 * Slots are given out in PostgreSQL, for all workers. Between a slot and its send are a signal, a task and three
 * statements: on a machine that was busy for a quarter of a second, 20/s came as 25 in one.
 * @param now a clock that never goes back, in milliseconds.
 */
export function createPace(now: () => number = () => performance.now()): Pace {
  const lines = new Map<string, Line>();

  async function pass(line: Line, rate: Rate, until: number): Promise<void> {
    const intervalMs = slotIntervalMs(rate);
    // Looked at again after each wait: a timer that fires late must not let all go at once that slept meanwhile.
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
