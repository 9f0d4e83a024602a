import type { Logger } from 'pino';
import { gather } from '../store/db/gather.ts';
import { queueAtGates } from '../store/waiting/call-next.ts';
import type { Sql } from '../store/db/db.ts';
import { bringBack, type Called, type NextInLane } from '../store/waiting/lane.ts';
import type { Runs } from '../temporal/runs.ts';

/** Sent after the commit and never waited for: what gets lost is mended by the sweep. */
export interface Wakers {
  /** It was let through: its run goes on, or begins. */
  call(called: Called): void;
  /** It is its turn: where its gate is shut it waits there, else it is called. */
  wake(next: NextInLane): void;
  reportTrouble(workflowId: string, delivery: string): void;
}

export function createWakers(deps: { sql: Sql; runs: Runs; poke: () => void; log: Logger }): Wakers {
  const { sql, runs, poke, log } = deps;
  const report = (what: string) => (error: unknown) =>
    log.debug({ err: error }, `${what} was lost; the sweep mends it`);

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

  function call({ hasRun, workflowId, delivery, message }: Called): void {
    if (hasRun) runs.turn(workflowId, delivery).catch(report('a wake-up'));
    else bringBack(sql, [message]).then(poke).catch(report('a wake-up'));
  }

  return {
    call,
    wake(next) {
      if (!next.isGated) return call(next);
      queue(next)
        .then((isQueued) => (isQueued ? undefined : call(next)))
        .catch((error: unknown) => {
          // Its run finds out for itself what could not be written.
          report('a place in a queue')(error);
          call(next);
        });
    },
    reportTrouble(workflowId, delivery) {
      runs.trouble(workflowId, delivery).catch(report('a note on trouble'));
    },
  };
}
