import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { JobId } from '../../domain/ids.ts';
import { isTimedOut, mayWorkLater } from '../../store/db/db.ts';
import { countDeliveries, stepDeliveries, type JobStep } from '../../store/jobs/job-deliveries.ts';
import { countMessages } from '../../store/jobs/job-messages.ts';
import { beginJob, endJob, findJob, type JobRow } from '../../store/jobs/jobs.ts';
import type { RunJobResult } from '../../contract.ts';
import type { ActivityDeps } from '../deps.ts';
import { replayBatch } from './replay-batch.ts';

export interface WorkJobInput {
  readonly job: JobId;
  /** The job's run was cancelled in Temporal. The call ends the job and takes no step. */
  readonly isCancelled?: boolean;
}

/** No further step begins after this time, so that calls are short and the history shows the progress. */
const callMs = 5_000;
/** A total is only for people, so the count stops here and the total is unknown. */
const countLimit = 100_000;
/** A call that fails this often in a row, while both servers are reachable, has met a defect. The job then fails. */
const maxTries = 5;

/**
 * Makes the activity that takes a job's steps for about 5 s. Each step is stored with its count before the next one
 * begins. So a call that is interrupted and repeated, even while the first one still runs, does and counts nothing
 * twice.
 * @returns the job's state and counts. While the state is `running`, the workflow calls again.
 * @throws ApplicationFailure not retryable where there is no such job.
 */
export function createWorkJob(deps: ActivityDeps) {
  const { sql } = deps;

  return async function workJob({ job: id, isCancelled = false }: WorkJobInput): Promise<RunJobResult> {
    const job = await findJob(sql, undefined, id);
    if (job === undefined) throw ApplicationFailure.nonRetryable(`${id}: there is no such job`, 'NoSuchJob');
    if (isCancelled) await endJob(sql, job.tenant, id, 'cancelled');
    else if (job.state === 'running') await work(job);
    const now = (await findJob(sql, undefined, id)) ?? job;
    return { state: now.state, done: now.done, changed: now.changed, failed: now.failed };
  };

  async function work(job: JobRow): Promise<void> {
    try {
      if (job.startedAt === null) await beginJob(sql, job.id, await count(job));
      await takeSteps(job);
    } catch (error) {
      const { attempt } = Context.current().info;
      if (Context.current().cancellationSignal.aborted || mayWorkLater(error) || attempt < maxTries) throw error;
      Context.current().log.error('a job failed', { job: job.id, error });
      const message = `It failed ${attempt} times at the same place; the worker's log says how.`;
      await endJob(sql, job.tenant, job.id, 'failed', { code: 'internal', message });
    }
  }

  async function count(job: JobRow): Promise<number | null> {
    const counting = job.kind === 'replay' ? countMessages : countDeliveries;
    try {
      const found = await counting(sql, job, countLimit);
      return found < countLimit ? found : null;
    } catch (error) {
      if (isTimedOut(error)) return null;
      throw error;
    }
  }

  async function takeSteps(job: JobRow): Promise<void> {
    const context = Context.current();
    for (const end = performance.now() + callMs; performance.now() < end && !deps.stopping.aborted;) {
      context.cancellationSignal.throwIfAborted();
      const { state, waitMs } = await step(job);
      context.heartbeat();
      if (state !== 'running') return;
      if (waitMs > 0) await context.sleep(Math.ceil(waitMs));
    }
  }

  async function step(job: JobRow): Promise<JobStep> {
    if (job.kind === 'replay') return replayBatch(deps, job);
    const { commanded, ...next } = await stepDeliveries(sql, job);
    if (commanded.length === 0) return next;
    try {
      await deps.wakeCommanded(job.kind, commanded, job.requestedBy);
    } catch (error) {
      Context.current().log.warn('no run was woken; the sweep will', { job: job.id, count: commanded.length, error });
    }
    return next;
  }
}
