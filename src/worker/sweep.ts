import type { Logger } from 'pino';
import { isParked } from '../domain/delivery.ts';
import type { DeliveryId, MessageId } from '../domain/ids.ts';
import { findDispatchable } from '../store/runs/dispatch.ts';
import { bringBack, findNextInLanes, type NextInLane } from '../store/waiting/lane.ts';
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
import { returnLease, takeLease } from '../store/runs/leases.ts';
import type { Runs } from '../temporal/runs.ts';
import { startLoop, type Loop } from './loop.ts';

const everyMs = 1_000;
/** Another worker takes the sweep over so long after its holder was heard last. */
const leaseSeconds = 5;
const job = 'sweep';
/** Deliveries looked after in one pass, so that a pass stays short. */
const batch = 200;
/** Somebody looked after it; if nothing comes of that, look again. */
const postponeSeconds = 60;

/**
 * The one mechanism that mends what was lost between PostgreSQL and Temporal: a run that is closed or missing is started
 * again, a lost wake-up or command is repeated; and that does what comes with time: scheduled sends, the end of a hold, what
 * expires. One per deployment at a time.
 */
export function startSweep(deps: {
  sql: Sql;
  runs: Runs;
  worker: string;
  log: Logger;
  poke: () => void;
  wake: (next: NextInLane) => void;
}): { stop(): Promise<void> } {
  const { sql, runs, worker, log } = deps;

  async function mend(message: MessageId, overdue: readonly Overdue[]): Promise<void> {
    const dispatchable = await findDispatchable(sql, message);
    if (dispatchable === undefined) return;
    const state = await runs.describe(dispatchable.workflowId);
    if (state !== 'running') {
      await runs.startAgain(dispatchable);
      log.info({ message, run: state }, 'sweep: started a run again');
      return;
    }
    for (const { id, state: delivery, isBehind } of overdue) {
      // Sending and retrying are Temporal's to time; behind another one, there is nothing to wake for. Never a command: by
      // the time that it is granted the delivery may be uncertain, and only an operator may have that sent again.
      if ((delivery === 'waiting' || delivery === 'queued') && !isBehind) await runs.turn(dispatchable.workflowId, id);
    }
  }

  /** What is wrong with one message holds up no other; what is wrong with Temporal ends the pass. */
  async function mendOrLog(message: MessageId, overdue: readonly Overdue[]): Promise<void> {
    try {
      await mend(message, overdue);
    } catch (error) {
      if (!(await runs.isReachable())) throw error;
      log.error({ err: error, message }, 'sweep: could not mend this message; it is looked at again');
    }
  }

  /** What time alone decides needs no run; those that made way call the next ones. */
  async function elapse(overdue: readonly Overdue[]): Promise<ReadonlySet<DeliveryId>> {
    const holding = overdue.filter(({ state }) => isParked(state)).map(({ id }) => id);
    if (holding.length > 0) await endHolds(sql, holding);
    const expired = await expireOverdue(sql, idsOf(overdue));
    const over = [...holding, ...expired];
    if (over.length > 0) (await findNextInLanes(sql, over)).forEach(deps.wake);
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
      if (stuck.some(({ hasRun }) => hasRun)) await mendOrLog(message, stuck);
      else if (stuck.some(({ isBehind }) => !isBehind)) {
        // Without a run it is the dispatcher's, which takes it as soon as it could go.
        await bringBack(sql, [message]);
        deps.poke();
      }
      await postpone(sql, idsOf(deliveries), postponeSeconds);
      if (self.isStopping || !(await takeLease(sql, job, worker, leaseSeconds))) return;
    }
  }

  const loop = startLoop(
    async (self) => {
      if (await takeLease(sql, job, worker, leaseSeconds)) await pass(self);
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
      await returnLease(sql, job, worker).catch((error: unknown) =>
        log.debug({ err: error }, 'sweep: could not give its lease back; it ends by itself'),
      );
    },
  };
}

const idsOf = (deliveries: readonly Overdue[]): DeliveryId[] => deliveries.map(({ id }) => id);
