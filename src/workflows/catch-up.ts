import { ActivityFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { CatchUpInput } from '../contract.ts';

const { listRooms, catchUpRoom, concludeGap } = proxyActivities<Activities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '2 seconds', maximumInterval: '2 minutes', maximumAttempts: 20 },
});

/**
 * Reads the histories of bridged rooms after a gap, in which no process listened or a platform sent nothing. It reads
 * one room after the other, so that it uses little of each platform's rate.
 * @returns how many events were new.
 */
export async function catchUp({ gap }: CatchUpInput): Promise<number> {
  const reports: Awaited<ReturnType<typeof catchUpRoom>>[] = [];
  for (const room of await listRooms(gap)) {
    try {
      reports.push(await catchUpRoom(gap, room));
    } catch (error) {
      // A room that cannot be read does not keep the others from being read.
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      reports.push({ ...room, read: 0, fresh: 0, lacks: ['Its history could not be read for half an hour.'] });
    }
  }
  await concludeGap(gap, reports);
  return reports.reduce((all, { fresh }) => all + fresh, 0);
}
