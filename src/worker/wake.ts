import type { Logger } from 'pino';
import type { Sql } from '../store/db/db.ts';
import { gather } from '../store/db/gather.ts';
import { returnToDispatcher, type NextInLane, type ReadyDelivery } from '../store/waiting/lane.ts';
import { queueAtGates } from '../store/waiting/wait.ts';
import type { Runs } from '../temporal/runs.ts';

/**
 * Wakes deliveries after a commit (N6). The caller does not wait for it, and the sweep repeats a wake-up that is lost
 * (S3).
 */
export interface Wakers {
  /** Wakes a delivery that may go now: through its run, or through the dispatcher where its message has no run yet. */
  wake(ready: ReadyDelivery): void;
  /** Wakes the next delivery of a lane. Where its gate is shut it waits there instead, and its run is left alone. */
  wakeNext(next: NextInLane): void;
  /** Tells a run that one of its deliveries failed for the first time. */
  reportTrouble(workflowId: string, delivery: string): void;
}

export function createWakers(deps: { sql: Sql; runs: Runs; poke: () => void; log: Logger }): Wakers {
  const { sql, runs, poke, log } = deps;
  const report = (what: string) => (error: unknown) => log.debug({ err: error }, `${what} was lost`);

  const queue = gather(
    async (all: readonly NextInLane[]) => {
      const queued = await queueAtGates(
        sql,
        all.map(({ delivery }) => delivery),
      );
      return all.map(({ delivery }) => queued.has(delivery));
    },
    { most: 32, atOnce: 2, isOnes: () => false },
  );

  function wake({ hasRun, workflowId, delivery, message }: ReadyDelivery): void {
    if (hasRun) runs.turn(workflowId, delivery).catch(report('a wake-up'));
    else returnToDispatcher(sql, [message]).then(poke).catch(report('a wake-up'));
  }

  return {
    wake,
    wakeNext(next) {
      if (!next.isGated) return wake(next);
      queue(next)
        .then((isQueued) => (isQueued ? undefined : wake(next)))
        .catch((error: unknown) => {
          // The place in the queue could not be written. The run finds out that the gate is shut when it looks.
          report('a place in a queue')(error);
          wake(next);
        });
    },
    reportTrouble(workflowId, delivery) {
      runs.trouble(workflowId, delivery).catch(report('a note on trouble'));
    },
  };
}
