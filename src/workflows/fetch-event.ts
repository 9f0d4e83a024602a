import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { FetchEventInput } from '../contract.ts';

const { fetchEvent: fetchContent } = proxyActivities<Activities>({
  startToCloseTimeout: '30 seconds',
  // After an hour the content is too late for a conversation. The event is then ended with a reason.
  scheduleToCloseTimeout: '1 hour',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/**
 * Fetches the content that a platform did not send with its event, such as the text. After that the event is routed.
 */
export async function fetchEvent({ event }: FetchEventInput): Promise<'fetched' | 'gone' | 'ignored' | 'refused'> {
  return fetchContent(event);
}
