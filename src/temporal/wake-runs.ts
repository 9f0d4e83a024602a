import type { Sql } from '../store/db/db.ts';
import { findDispatchable } from '../store/runs/dispatch.ts';
import { returnToDispatcher, findNextInLanes } from '../store/waiting/lane.ts';
import type { CommandedDelivery } from '../store/runs/commands.ts';
import type { Runs } from './runs.ts';

/** Called after the commands were stored. Rejects when Temporal is away; the sweep then wakes the deliveries. */
export type WakeCommanded = (
  kind: 'retry' | 'cancel',
  commands: readonly CommandedDelivery[],
  by: string,
) => Promise<void>;

/** Wakes the runs of commands that are already stored. A retry starts a closed or missing run again. */
export function commandedWaker(runs: Runs, sql: Sql, poke: () => void): WakeCommanded {
  async function wake(kind: 'retry' | 'cancel', commanded: CommandedDelivery, by: string): Promise<void> {
    const { workflowId, destination, message } = commanded;
    if (await runs.command(workflowId, kind, { destination, by })) return;
    if (kind === 'cancel') return; // a cancel has nothing to stop when no run is open
    const dispatchable = await findDispatchable(sql, message);
    if (dispatchable !== undefined) await runs.startAgain(dispatchable);
  }
  return async (kind, commands, by) => {
    const ids = commands.map(({ id }) => id);
    // Deliveries behind a cancelled one in its lane may go now. PostgreSQL is written first, because that works even
    // while Temporal is away.
    const next = kind === 'cancel' ? await findNextInLanes(sql, ids) : [];
    const withoutRun = next.filter(({ hasRun }) => !hasRun).map(({ message }) => message);
    await returnToDispatcher(sql, kind === 'retry' ? commands.map(({ message }) => message) : withoutRun);
    for (const commanded of commands) await wake(kind, commanded, by);
    for (const { hasRun, workflowId, delivery } of next) if (hasRun) await runs.turn(workflowId, delivery);
    poke();
  };
}
