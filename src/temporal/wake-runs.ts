import type { Sql } from '../store/db/db.ts';
import { findDispatchable } from '../store/runs/dispatch.ts';
import { bringBack, findNextInLanes } from '../store/waiting/lane.ts';
import type { Wished } from '../store/runs/commands.ts';
import type { Runs } from './runs.ts';

/** Called after the wishes are stored. @throws when Temporal is away; then the sweep mends it. */
export type WakeWished = (kind: 'retry' | 'cancel', wishes: readonly Wished[], by: string) => Promise<void>;

/** Wakes the runs of wishes that are already stored; a run that is closed or gone is started again for a retry. */
export function wishWaker(runs: Runs, sql: Sql, poke: () => void): WakeWished {
  async function wake(kind: 'retry' | 'cancel', wished: Wished, by: string): Promise<void> {
    const { workflowId, destination, message } = wished;
    if (await runs.wish(workflowId, kind, { destination, by })) return;
    if (kind === 'cancel') return; // nothing runs that would have to stop
    const dispatchable = await findDispatchable(sql, message);
    if (dispatchable !== undefined) await runs.startAgain(dispatchable);
  }
  return async (kind, wishes, by) => {
    const ids = wishes.map(({ id }) => id);
    // Whoever was behind them in their lanes may go now. PostgreSQL's part comes first: it holds with Temporal away too.
    const next = kind === 'cancel' ? await findNextInLanes(sql, ids) : [];
    const withoutRun = next.filter(({ hasRun }) => !hasRun).map(({ message }) => message);
    await bringBack(sql, kind === 'retry' ? wishes.map(({ message }) => message) : withoutRun);
    for (const wished of wishes) await wake(kind, wished, by);
    for (const { hasRun, workflowId, delivery } of next) if (hasRun) await runs.turn(workflowId, delivery);
    poke();
  };
}
