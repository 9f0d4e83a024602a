import { CancellationScope, continueAsNew, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { RunJobInput, RunJobResult } from '../contract.ts';

const { workJob } = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  // Longer than a statement (10 s at most): a worker that is gone is noticed this soon.
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
});

/** Calls of one run, each of some seconds; then a new run goes on, so that no history grows long. */
const callsPerRun = 200;

/**
 * Works a bulk job off. Where it is and what was counted stands in PostgreSQL, so any number of runs do each item once,
 * and a run that is started anew goes on where the one before was. Temporal's Cancel ends the job.
 */
export async function runJob({ job }: RunJobInput): Promise<RunJobResult> {
  for (let call = 0; call < callsPerRun; call += 1) {
    try {
      const progress = await workJob({ job });
      if (progress.state !== 'running') return progress;
    } catch (error) {
      if (!isCancellation(error)) throw error;
      await CancellationScope.nonCancellable(() => workJob({ job, isCancelled: true }));
      throw error;
    }
  }
  return continueAsNew<typeof runJob>({ job });
}
