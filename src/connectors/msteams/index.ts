import type { Connector } from '../contract/connector.ts';
import { inbound } from './inbound.ts';
import { fits, prepare, send, type PreparedCall } from './outbound.ts';
import { people } from './people.ts';
import { teamsAddress, teamsSettings } from './settings.ts';

/** Delivers to Microsoft Teams through the bot connector of the Bot Framework. */
export const msteams: Connector<PreparedCall> = {
  name: 'msteams',
  title: 'Microsoft Teams',
  settings: teamsSettings,
  address: teamsAddress,
  capabilities: {
    thread: {
      level: 'partial',
      why: 'Channels have threads; in a chat a reply stands below what was said last.',
    },
    edit: { level: 'full' },
    delete: { level: 'full' },
    react: { level: 'dropped', why: 'Bots cannot react to messages in Teams.' },
    mention: { level: 'full' },
    files: {
      level: 'partial',
      why: 'Bots can hand over files in chats of two only, once the person agrees: a file is linked, or named where it has no page.',
    },
  },
  keeps: {
    strike: 'kept',
    code: 'kept',
    codeBlock: 'no language',
    heading: 'strong',
    list: 'kept',
    quote: 'kept',
    table: 'code block',
    rule: 'text',
  },
  isOneService: true,
  // Posts take no key of ours, and bots cannot read the messages of a conversation (neither msteams-docs nor bot-docs
  // has such a call). Setting the same text again or deleting a deleted message does no harm.
  recoveryClass: (_target, action) =>
    action === 'create' ? { kind: 'C' } : { kind: 'A', memoryMs: Number.POSITIVE_INFINITY },
  fits,
  prepare,
  send,
  inbound,
  people,
};
