import type { Connector } from '../connector.ts';
import { reconcile } from './history.ts';
import { prepare, send, type PreparedPost } from './outbound.ts';
import { slackAddress, slackSettings } from './settings.ts';

/** Slack's Web API with a bot token. */
export const slack: Connector<PreparedPost> = {
  name: 'slack',
  title: 'Slack',
  settings: slackSettings,
  address: slackAddress,
  capabilities: {
    thread: { level: 'dropped', why: 'not built yet' },
    edit: { level: 'dropped', why: 'not built yet' },
    delete: { level: 'dropped', why: 'not built yet' },
  },
  isOneService: true,
  // chat.postMessage takes no key of ours, but its metadata is found again in the channel's history.
  deliveryClass: () => ({ kind: 'B' }),
  prepare,
  send,
  reconcile,
};
