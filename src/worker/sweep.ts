import type { Logger } from 'pino';
import { isParked } from '../domain/delivery.ts';
import type { DeliveryId, MessageId } from '../domain/ids.ts';
import { findDispatchable } from '../store/runs/dispatch.ts';
import { returnToDispatcher, findNextInLanes, type NextInLane } from '../store/waiting/lane.ts';
import {
  endHolds,
  enterScheduled,
  expireOverdue,
  findOverdue,
  findOverdueOf,
  postpone,
  type Overdue,
} from '../store/runs/overdue.ts';
import type { Sql } from '../store/db/db.ts';
import { returnLease, takeLease } from '../store/runs/workers.ts';
import type { Runs } from '../temporal/runs.ts';
import { startLoop, type Loop } from './loop.ts';

const everyMs = 1_000;
/** Another worker takes the sweep over this long after its holder's last sign of life. */
const leaseSeconds = 5;
const leaseName = 'sweep';
/** How many overdue deliveries one pass looks after, so that a pass stays short. */
const batch = 200;
/** A delivery that was looked after is looked at again after this time, if nothing has happened to it. */
const postponeSeconds = 60;

/**
 * Looks after deliveries that are overdue. Everything that a crash, a lost signal or a lost run can leave undone is
 * found here, and nowhere else.
 *
 * What it guarantees:
 * - S1. Every open delivery has a time (`due_at`) by which something should have happened to it. Once that has passed,
 *   the delivery is overdue, and a pass finds it, usually within a second. A pass looks at 200 overdue deliveries.
 * - S2. A run that is closed or missing is started again. A second run does no harm, because the ledger says what is
 *   open.
 * - S3. A lost wake-up is repeated as a wake-up, and never as a retry: the delivery may have become uncertain
 *   meanwhile, and only an operator may have an uncertain delivery sent again.
 * - S4. What time alone decides needs no run: scheduled sends enter their lanes, holds end, and deliveries expire that
 *   are not in doubt.
 * - S5. One process of a deployment sweeps at a time, and two would do no harm. A message that cannot be looked after
 *   holds up no other message, and a Temporal that is away ends the pass.
 */
export function startSweep(deps: {
  sql: Sql;
  runs: Runs;
  worker: string;
  log: Logger;
  poke: () => void;
  wakeNext: (next: NextInLane) => void;
}): { stop(): Promise<void> } {
  const { sql, runs, worker, log } = deps;

  async function lookAfter(message: MessageId, overdue: readonly Overdue[]): Promise<void> {
    const dispatchable = await findDispatchable(sql, message);
    if (dispatchable === undefined) return;
    const state = await runs.describe(dispatchable.workflowId);
    if (state !== 'running') {
      // S2
      await runs.startAgain(dispatchable);
      log.info({ message, run: state }, 'sweep: started a run again');
      return;
    }
    for (const { id, state: delivery, isBehind } of overdue) {
      // S3. Temporal keeps the times of `sending` and `retrying`, and a delivery behind another one need not be woken.
      if ((delivery === 'waiting' || delivery === 'queued') && !isBehind) await runs.turn(dispatchable.workflowId, id);
    }
  }

  /** S5 */
  async function lookAfterOrLog(message: MessageId, overdue: readonly Overdue[]): Promise<void> {
    try {
      await lookAfter(message, overdue);
    } catch (error) {
      if (!(await runs.isReachable())) throw error;
      log.error({ err: error, message }, 'sweep: could not look after this message; it is tried again later');
    }
  }

  /** S4 */
  async function elapse(overdue: readonly Overdue[]): Promise<ReadonlySet<DeliveryId>> {
    const holding = overdue.filter(({ state }) => isParked(state)).map(({ id }) => id);
    if (holding.length > 0) await endHolds(sql, holding);
    const expired = await expireOverdue(sql, idsOf(overdue));
    const over = [...holding, ...expired];
    if (over.length > 0) (await findNextInLanes(sql, over)).forEach(deps.wakeNext);
    for (const { id, message } of overdue.filter((one) => one.hasRun && expired.includes(one.id))) {
      const run = await findDispatchable(sql, message);
      if (run !== undefined) await runs.turn(run.workflowId, id);
    }
    return new Set(over);
  }

  async function pass(self: Loop): Promise<void> {
    while (!self.isStopping && (await enterScheduled(sql))) deps.poke();
    const overdue = await findOverdue(sql, batch);
    if (overdue.length === 0) return;
    const over = await elapse(overdue);
    for (const message of new Set(overdue.filter(({ id }) => !over.has(id)).map((one) => one.message))) {
      const deliveries = await findOverdueOf(sql, message);
      const stuck = deliveries.filter(({ isAtGate }) => !isAtGate);
      if (stuck.some(({ hasRun }) => hasRun)) await lookAfterOrLog(message, stuck);
      else if (stuck.some(({ isBehind }) => !isBehind)) {
        // A message without a run is the dispatcher's. It leases the message as soon as a delivery could go.
        await returnToDispatcher(sql, [message]);
        deps.poke();
      }
      await postpone(sql, idsOf(deliveries), postponeSeconds);
      if (self.isStopping || !(await takeLease(sql, leaseName, worker, leaseSeconds))) return;
    }
  }

  const loop = startLoop(
    async (self) => {
      if (await takeLease(sql, leaseName, worker, leaseSeconds)) await pass(self);
      return everyMs;
    },
    (error) => {
      log.warn({ err: error }, 'sweep: a pass was cut short; the next one goes on');
      return everyMs;
    },
  );

  return {
    async stop() {
      await loop.stop();
      await returnLease(sql, leaseName, worker).catch((error: unknown) =>
        log.debug({ err: error }, 'sweep: could not give its lease back; it ends by itself'),
      );
    },
  };
}

const idsOf = (deliveries: readonly Overdue[]): DeliveryId[] => deliveries.map(({ id }) => id);
