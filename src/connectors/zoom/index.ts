import type { Connector } from '../contract/connector.ts';
import { reconcile } from './reconcile.ts';
import { inbound } from './inbound.ts';
import { fits, prepare, send, type PreparedCall } from './outbound.ts';
import { people } from './people.ts';
import { zoomAddress, zoomSettings } from './settings.ts';

/** Delivers to Zoom Team Chat as one of its users, through a server-to-server OAuth app. */
export const zoom: Connector<PreparedCall> = {
  name: 'zoom',
  title: 'Zoom Team Chat',
  settings: zoomSettings,
  address: zoomAddress,
  capabilities: {
    thread: { level: 'full' },
    edit: {
      level: 'partial',
      why: 'Zoom takes a text alone in an edit: styles are left out, links are written out, and nobody is mentioned anew.',
    },
    delete: { level: 'full' },
    react: {
      level: 'partial',
      why: 'Everybody who reacted with an emoji is shown as one reaction, of the user; emoji of an account are left out.',
    },
    mention: { level: 'full' },
    files: { level: 'full' },
  },
  postsFiles: true,
  keeps: {
    strike: 'kept',
    code: 'text',
    codeBlock: 'text',
    heading: 'three levels',
    list: 'kept',
    quote: 'one level',
    table: 'text',
    rule: 'text',
  },
  isOneService: true,
  // A post takes no key of ours, but the mark in its text can be found again in the channel's history. Setting the same
  // text again or deleting a deleted message does no harm.
  recoveryClass: (_target, action) =>
    action === 'create' ? { kind: 'B' } : { kind: 'A', memoryMs: Number.POSITIVE_INFINITY },
  fits,
  prepare,
  send,
  reconcile,
  inbound,
  people,
};
