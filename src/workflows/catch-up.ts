import { ActivityFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { CatchUpInput } from '../contract.ts';

const { listRooms, catchUpRoom, concludeGap } = proxyActivities<Activities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '2 seconds', maximumInterval: '2 minutes', maximumAttempts: 20 },
});

/**
 * Reads from the platforms' histories what was said in bridged rooms while nobody listened, or a platform sent nothing. One room after the other, so
 * that a catch-up spends little of any platform's rate.
 * @returns how many events were new.
 */
export async function catchUp({ gap }: CatchUpInput): Promise<number> {
  const reports: Awaited<ReturnType<typeof catchUpRoom>>[] = [];
  for (const room of await listRooms(gap)) {
    try {
      reports.push(await catchUpRoom(gap, room));
    } catch (error) {
      // One room that cannot be read does not keep the others from it.
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      reports.push({ ...room, read: 0, fresh: 0, lacks: ['Its history could not be read for half an hour.'] });
    }
  }
  await concludeGap(gap, reports);
  return reports.reduce((all, { fresh }) => all + fresh, 0);
}
