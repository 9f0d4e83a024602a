import { Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy, type ConnectionLike } from '@temporalio/client';
import type { Logger } from 'pino';
import { taskQueue } from '../contract.ts';
import { startLoop } from './loop.ts';

/** How often the schedule is checked. One that was deleted, or lost with Temporal's database, is made again. */
const lookMs = 60_000;
const retryMs = 5_000;
const callTimeoutMs = 5_000;
/** Spreads the passes, so that many deployments on one server do not all start in the same second. */
const jitterShare = 0.1;

export interface ScheduleDeps {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  /** The id of the schedule, and of the runs that it starts. */
  readonly id: string;
  readonly workflowType: string;
  /** The time between two passes, in milliseconds. */
  readonly everyMs: number;
  readonly log: Logger;
}

/**
 * Creates a Temporal Schedule, sets it to what this process is configured for, and restores it if it is deleted. Every
 * worker does this, and any of them may be first. A pause that an operator set in Temporal is kept.
 */
export function startSchedule(deps: ScheduleDeps): { stop(): Promise<void> } {
  const { connection, namespace, id, workflowType, everyMs, log } = deps;
  const client = new Client({ connection, namespace });
  const limited = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + callTimeoutMs, call);
  const wanted = {
    spec: { intervals: [{ every: everyMs }], jitter: Math.ceil(everyMs * jitterShare) },
    // When several passes were missed, one pass makes up for all of them.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 hour' as const },
    action: { type: 'startWorkflow' as const, workflowType, taskQueue, workflowId: id },
  };
  let isCurrent = false;

  async function ensure(): Promise<void> {
    try {
      await limited(() => client.schedule.create({ scheduleId: id, ...wanted }));
      log.info({ schedule: id, everyMs }, `${workflowType}: scheduled`);
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      const handle = client.schedule.getHandle(id);
      if (!isCurrent) await limited(() => handle.update(({ state }) => ({ ...wanted, state })));
    }
    isCurrent = true;
  }

  return startLoop(
    async () => {
      await ensure();
      return lookMs;
    },
    (error) => {
      log.warn({ err: error }, `${workflowType}: its schedule could not be made; trying again`);
      return retryMs;
    },
  );
}
