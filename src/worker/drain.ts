import type { Logger } from 'pino';
import { chooseProbe, findBusyGates, letThrough, type BusyGate } from '../store/waiting/let-through.ts';
import type { Sql } from '../store/db/db.ts';
import type { Called } from '../store/waiting/lane.ts';
import { returnLease, takeLease } from '../store/runs/leases.ts';
import { startLoop } from './loop.ts';

const idleMs = 500;
/** Between two looks at gates with a queue. */
const busyMs = 100;
/**
 * Of a gate without a rate so many go in one look: 80/s, so that what comes back is not run over; and when 32 slow sends
 * end at once, the 32 that follow them are not all before whatever is posted meanwhile.
 */
const most = 8;
/** Slots of a rate are given out so far ahead: the way to the send takes some of it. */
const horizonMs = 1_000;
const leaseSeconds = 5;
/** The lease is kept by a write; not with each look. */
const keepLeaseMs = 1_000;
const job = 'drain';

/**
 * Empties the queues of gates: what waits for a breaker, a pause, a Retry-After or a rate has no time of its own, and is
 * called here, the most urgent first, no faster than its rate. One per deployment at a time; two would do no harm, since
 * each look holds the gate's lock.
 */
export function startDrain(deps: { sql: Sql; worker: string; log: Logger; call: (called: Called) => void }): {
  stop(): Promise<void>;
} {
  const { sql, worker, log, call } = deps;
  let leasedUntil = 0;

  async function hasLease(): Promise<boolean> {
    if (performance.now() < leasedUntil) return true;
    const began = performance.now();
    if (!(await takeLease(sql, job, worker, leaseSeconds))) return false;
    leasedUntil = began + keepLeaseMs;
    return true;
  }

  async function look(gate: BusyGate): Promise<void> {
    if (gate.isPassable) (await letThrough(sql, gate, most, horizonMs)).forEach(call);
    else if (gate.isProbeDue) (await chooseProbe(sql, gate, horizonMs)).forEach(call);
  }

  /** @returns whether anything waits that may go soon: what is paused, or behind a breaker, costs no quick looks. */
  async function pass(): Promise<boolean> {
    if (!(await hasLease())) return false;
    const gates = await findBusyGates(sql, idleMs);
    for (const gate of gates) await look(gate);
    return gates.length > 0;
  }

  const loop = startLoop(
    async () => ((await pass()) ? busyMs : idleMs),
    (error) => {
      log.warn({ err: error }, 'drain: a look was cut short; the next one goes on');
      return idleMs;
    },
  );

  return {
    async stop() {
      await loop.stop();
      await returnLease(sql, job, worker).catch((error: unknown) =>
        log.debug({ err: error }, 'drain: could not give its lease back; it ends by itself'),
      );
    },
  };
}
