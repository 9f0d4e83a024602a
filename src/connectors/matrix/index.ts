import type { Connector } from '../contract/connector.ts';
import { inbound } from './inbound.ts';
import { fits, prepare, send, type PreparedCall } from './outbound.ts';
import { people } from './people.ts';
import { matrixAddress, matrixSettings, txnMemoryOf } from './settings.ts';

/** Matrix as an application service of one homeserver. */
export const matrix: Connector<PreparedCall> = {
  name: 'matrix',
  title: 'Matrix',
  settings: matrixSettings,
  address: matrixAddress,
  capabilities: {
    thread: { level: 'full' },
    edit: { level: 'full' },
    delete: { level: 'full' },
    react: { level: 'partial', why: 'Everybody who reacted with an emoji is shown as one reaction, of the bot.' },
    mention: {
      level: 'partial',
      why: 'Only who is known by their Matrix id is told: Matrix finds nobody by e-mail address.',
    },
    files: { level: 'full' },
  },
  postsFiles: true,
  keeps: {
    strike: 'kept',
    code: 'kept',
    codeBlock: 'kept',
    heading: 'kept',
    list: 'kept',
    quote: 'kept',
    table: 'kept',
    rule: 'kept',
  },
  isOneService: true,
  // The homeserver knows a transaction id again for a while (client-server API, "Transaction identifiers"). A text may be
  // set again, what is gone redacted again, and one's own reaction repeated, without harm.
  recoveryClass: ({ connection }, action) => ({
    kind: 'A',
    memoryMs: action === 'create' ? txnMemoryOf(connection.settings) : Number.POSITIVE_INFINITY,
  }),
  fits,
  prepare,
  send,
  inbound,
  people,
};
