import type { Connector } from '../contract/connector.ts';
import { inbound } from './inbound.ts';
import { fits, prepare, send, type PreparedCall } from './outbound.ts';
import { googleChatAddress, googleChatSettings } from './settings.ts';

/** The Google Chat API as a Chat app, with a service account. */
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
  // A repeated request is folded by `requestId`, for a time that Google does not publish; and for as long as the message is
  // there by `messageId`, which is unique in its space: a second one is refused, and the first is then fetched by it. So
  // the memory is without end. The look-up of class B is that same fetch, and would only come before each repetition.
  // Edits and deletes may be repeated without harm.
  recoveryClass: () => ({ kind: 'A', memoryMs: Number.POSITIVE_INFINITY }),
  fits,
  prepare,
  send,
  inbound,
};
