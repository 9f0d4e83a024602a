import type { Logger } from 'pino';
import { chooseProbe, findBusyGates, letThrough, type BusyGate } from '../store/waiting/let-through.ts';
import type { Sql } from '../store/db/db.ts';
import type { ReadyDelivery } from '../store/waiting/lane.ts';
import { returnLease, takeLease } from '../store/runs/workers.ts';
import { startLoop } from './loop.ts';

/** Between two looks while no gate has a queue, milliseconds. */
const idleMs = 500;
/** Between two looks while a gate has a queue, milliseconds. */
const busyMs = 100;
/**
 * How many deliveries one look lets through a gate without a rate. That is 80 per second, so that a destination that
 * comes back is not overrun. When 32 slow sends end at once, the next 32 do not all go before messages that are posted
 * meanwhile.
 */
const most = 8;
/** Time slots of a rate are given out this far ahead, because the way to the send takes time. Milliseconds. */
const horizonMs = 1_000;
const leaseSeconds = 5;
/** Renewing the lease costs a write, so it is not done with each look. */
const keepLeaseMs = 1_000;
const leaseName = 'drain';

/**
 * Empties the queues of gates; `store/waiting/let-through.ts` has the rules G1 to G6. One process of a deployment
 * drains at a time. Two would do no harm, because each look holds the gate's lock.
 */
export function startDrain(deps: { sql: Sql; worker: string; log: Logger; wake: (ready: ReadyDelivery) => void }): {
  stop(): Promise<void>;
} {
  const { sql, worker, log, wake } = deps;
  let leasedUntil = 0;

  async function hasLease(): Promise<boolean> {
    if (performance.now() < leasedUntil) return true;
    const began = performance.now();
    if (!(await takeLease(sql, leaseName, worker, leaseSeconds))) return false;
    leasedUntil = began + keepLeaseMs;
    return true;
  }

  async function look(gate: BusyGate): Promise<void> {
    if (gate.isPassable) (await letThrough(sql, gate, most, horizonMs)).forEach(wake);
    else if (gate.isProbeDue) (await chooseProbe(sql, gate, horizonMs)).forEach(wake);
  }

  /**
   * @returns whether some gate may open soon. A paused gate, or one with an open breaker, does not make looks frequent.
   */
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
      await returnLease(sql, leaseName, worker).catch((error: unknown) =>
        log.debug({ err: error }, 'drain: could not give its lease back; it ends by itself'),
      );
    },
  };
}
