import type { Connector } from '../contract/connector.ts';
import { inbound } from './inbound.ts';
import { fits, prepare, send, type PreparedCall } from './outbound.ts';
import { people } from './people.ts';
import { webexAddress, webexSettings } from './settings.ts';

/** Delivers through Cisco Webex's messages API with the token of a bot or of an account. */
export const webex: Connector<PreparedCall> = {
  name: 'webex',
  title: 'Webex',
  settings: webexSettings,
  address: webexAddress,
  capabilities: {
    thread: { level: 'full' },
    edit: { level: 'partial', why: 'Webex takes ten edits of a message; what comes after them is refused.' },
    delete: { level: 'full' },
    react: { level: 'dropped', why: 'Webex has neither calls nor events for reactions.' },
    mention: { level: 'full' },
    files: { level: 'full' },
  },
  postsFiles: true,
  keeps: {
    strike: 'text',
    code: 'kept',
    codeBlock: 'no language',
    heading: 'three levels',
    list: 'kept',
    quote: 'kept',
    table: 'code block',
    rule: 'kept',
  },
  isOneService: true,
  // Webex takes no key of ours and stores no mark of ours, and a bot cannot read its own posts in the history of a
  // group. Setting the same text again or deleting a deleted message does no harm.
  recoveryClass: (_target, action) =>
    action === 'create' ? { kind: 'C' } : { kind: 'A', memoryMs: Number.POSITIVE_INFINITY },
  fits,
  prepare,
  send,
  inbound,
  people,
};
