import type { Connector } from '../contract/connector.ts';
import { inbound } from './inbound.ts';
import { fits, prepare, send, type PreparedCall } from './outbound.ts';
import { googleChatAddress, googleChatSettings } from './settings.ts';

/** Delivers through the Google Chat API as a Chat app with a service account. */
export const googleChat: Connector<PreparedCall> = {
  name: 'google-chat',
  title: 'Google Chat',
  settings: googleChatSettings,
  address: googleChatAddress,
  capabilities: {
    thread: { level: 'full' },
    edit: { level: 'full' },
    delete: { level: 'partial', why: 'Google Chat deletes the replies in its thread together with a message.' },
    react: { level: 'dropped', why: 'Google Chat lets people react, and no apps.' },
    files: {
      level: 'partial',
      why: 'Google Chat takes files from people, and not from apps: a file is linked, or named where it has no page.',
    },
    mention: {
      level: 'partial',
      why: 'Google Chat finds nobody by address for an app: who is known by their id there is told, anybody else is named.',
    },
  },
  keeps: {
    strike: 'kept',
    code: 'no back-ticks',
    codeBlock: 'no language',
    heading: 'strong',
    list: 'one level',
    quote: 'text',
    table: 'code block',
    rule: 'text',
  },
  isOneService: true,
  // Google folds a repeated request by `requestId`, for a time that it does not publish. It also refuses a second
  // message with the same `messageId` as long as the first one exists; we then fetch the first one by that id. So the
  // memory is infinite. Recovery class B would use the same fetch as its look-up, and would need it before each
  // repetition. Edits and deletes can be repeated without harm.
  recoveryClass: () => ({ kind: 'A', memoryMs: Number.POSITIVE_INFINITY }),
  fits,
  prepare,
  send,
  inbound,
};
