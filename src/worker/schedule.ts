import { Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy, type ConnectionLike } from '@temporalio/client';
import type { Logger } from 'pino';
import { taskQueue } from '../contract.ts';
import { startLoop } from './loop.ts';

/** It is looked at again so often: whoever deletes it, or Temporal's database, gets it back. */
const lookMs = 60_000;
const retryMs = 5_000;
const callTimeoutMs = 5_000;
/** Passes of many deployments on one server do not begin in the same second. */
const jitterShare = 0.1;

export interface ScheduleDeps {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  /** Of the schedule, and of the runs that it starts. */
  readonly id: string;
  readonly workflowType: string;
  /** Time between two passes. */
  readonly everyMs: number;
  readonly log: Logger;
}

/**
 * Keeps a Temporal Schedule there and as this process wants it; all workers do so, and it makes no difference which one is
 * first. A pause that an operator set in Temporal stays.
 */
export function startSchedule(deps: ScheduleDeps): { stop(): Promise<void> } {
  const { connection, namespace, id, workflowType, everyMs, log } = deps;
  const client = new Client({ connection, namespace });
  const within = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + callTimeoutMs, call);
  const wanted = {
    spec: { intervals: [{ every: everyMs }], jitter: Math.ceil(everyMs * jitterShare) },
    // A pass that is late is worth one, however many were missed.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 hour' as const },
    action: { type: 'startWorkflow' as const, workflowType, taskQueue, workflowId: id },
  };
  let isCurrent = false;

  async function ensure(): Promise<void> {
    try {
      await within(() => client.schedule.create({ scheduleId: id, ...wanted }));
      log.info({ schedule: id, everyMs }, `${workflowType}: scheduled`);
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      const handle = client.schedule.getHandle(id);
      if (!isCurrent) await within(() => handle.update(({ state }) => ({ ...wanted, state })));
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
