import { CancellationScope, continueAsNew, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { RunJobInput, RunJobResult } from '../contract.ts';

const { workJob } = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  // Longer than the longest statement (10 s), and short enough to notice soon that a worker is gone.
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
});

/** After this many calls, each of some seconds, a new run goes on, so that the history stays short. */
const callsPerRun = 200;

/**
 * Works through a bulk job. PostgreSQL holds its position and its counts, so any number of runs do each item once, and
 * a new run goes on where the last one stopped. Temporal's Cancel ends the job.
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
