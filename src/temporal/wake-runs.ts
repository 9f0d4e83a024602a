import type { Sql } from '../store/db/db.ts';
import { findDispatchable } from '../store/runs/dispatch.ts';
import { returnToDispatcher, findNextInLanes } from '../store/waiting/lane.ts';
import type { CommandedDelivery } from '../store/runs/commands.ts';
import type { Runs } from './runs.ts';

/** Called after the commands are stored. @throws when Temporal is away; then the sweep mends it. */
export type WakeCommanded = (
  kind: 'retry' | 'cancel',
  commands: readonly CommandedDelivery[],
  by: string,
) => Promise<void>;

/** Wakes the runs of commands that are already stored; a run that is closed or gone is started again for a retry. */
export function commandedWaker(runs: Runs, sql: Sql, poke: () => void): WakeCommanded {
  async function wake(kind: 'retry' | 'cancel', commanded: CommandedDelivery, by: string): Promise<void> {
    const { workflowId, destination, message } = commanded;
    if (await runs.command(workflowId, kind, { destination, by })) return;
    if (kind === 'cancel') return; // nothing runs that would have to stop
    const dispatchable = await findDispatchable(sql, message);
    if (dispatchable !== undefined) await runs.startAgain(dispatchable);
  }
  return async (kind, commands, by) => {
    const ids = commands.map(({ id }) => id);
    // Whoever was behind them in their lanes may go now. PostgreSQL's part comes first: it holds with Temporal away too.
    const next = kind === 'cancel' ? await findNextInLanes(sql, ids) : [];
    const withoutRun = next.filter(({ hasRun }) => !hasRun).map(({ message }) => message);
    await returnToDispatcher(sql, kind === 'retry' ? commands.map(({ message }) => message) : withoutRun);
    for (const commanded of commands) await wake(kind, commanded, by);
    for (const { hasRun, workflowId, delivery } of next) if (hasRun) await runs.turn(workflowId, delivery);
    poke();
  };
}
