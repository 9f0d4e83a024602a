import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { FetchEventInput } from '../contract.ts';

const { fetchEvent: fetchContent } = proxyActivities<Activities>({
  startToCloseTimeout: '30 seconds',
  // What comes later than this nobody waits for in a conversation: the event is then ended with its reason.
  scheduleToCloseTimeout: '1 hour',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** Fetches what a platform did not send along with its event, such as the text; then the event goes its way. */
export async function fetchEvent({ event }: FetchEventInput): Promise<'fetched' | 'gone' | 'ignored' | 'refused'> {
  return fetchContent(event);
}
