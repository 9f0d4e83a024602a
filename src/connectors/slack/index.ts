import type { Connector } from '../contract/connector.ts';
import { reconcile } from './reconcile.ts';
import { inbound } from './inbound.ts';
import { people } from './people.ts';
import { fits, prepare, send, type PreparedCall } from './outbound.ts';
import { slackAddress, slackSettings } from './settings.ts';

/** Delivers through Slack's Web API with a bot token. */
export const slack: Connector<PreparedCall> = {
  name: 'slack',
  title: 'Slack',
  settings: slackSettings,
  address: slackAddress,
  capabilities: {
    thread: { level: 'full' },
    edit: {
      level: 'partial',
      why: 'Slack takes 4 000 characters in an edit, where it takes 40 000 in a post: a longer text is cut, and the delivery says so.',
    },
    delete: { level: 'full' },
    react: { level: 'partial', why: 'Everybody who reacted with an emoji is shown as one reaction, of the bot.' },
    mention: { level: 'full' },
    files: { level: 'full' },
  },
  postsFiles: true,
  keeps: {
    strike: 'kept',
    code: 'no back-ticks',
    codeBlock: 'no language',
    heading: 'strong',
    list: 'text',
    quote: 'one level',
    table: 'code block',
    rule: 'text',
  },
  isOneService: true,
  // chat.postMessage takes no key of ours, but a post's metadata and a file's title can be found again in the channel's
  // history. Setting the same text again or deleting a deleted message does no harm.
  recoveryClass: (_target, action) =>
    action === 'create' ? { kind: 'B' } : { kind: 'A', memoryMs: Number.POSITIVE_INFINITY },
  fits,
  prepare,
  send,
  reconcile,
  inbound,
  people,
};
