import type { Runs as ApiRuns } from '../api/deps.ts';
import type { Sql } from '../store/db.ts';
import { findDispatchable } from '../store/dispatch.ts';
import { findNextInLanes } from '../store/lane.ts';
import type { Wished } from '../store/wishes.ts';
import type { Runs } from '../temporal.ts';

/** Wakes the runs of wishes that are already stored; a run that is closed or gone is started again for a retry. */
export function wishRuns(runs: Runs, sql: Sql, poke: () => void): ApiRuns {
  async function wake(kind: 'retry' | 'cancel', wished: Wished, by: string): Promise<void> {
    const { workflowId, destination, message } = wished;
    if (await runs.wish(workflowId, kind, { destination, by })) return;
    if (kind === 'cancel') return; // nothing runs that would have to stop
    const dispatchable = await findDispatchable(sql, message);
    if (dispatchable !== undefined) await runs.startAgain(dispatchable);
  }
  return {
    async wish(kind, wishes, by) {
      for (const wished of wishes) await wake(kind, wished, by);
      if (kind !== 'cancel') return;
      // Whoever was behind them in their lanes may go now.
      for (const next of await findNextInLanes(
        sql,
        wishes.map(({ id }) => id),
      ))
        if (next.hasRun) await runs.turn(next.workflowId, next.delivery);
      poke();
    },
    isReachable: runs.isReachable,
  };
}
