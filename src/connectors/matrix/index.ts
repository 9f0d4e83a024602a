import type { Connector } from '../contract/connector.ts';
import { inbound } from './inbound.ts';
import { fits, prepare, send, type PreparedCall } from './outbound.ts';
import { people } from './people.ts';
import { matrixAddress, matrixSettings, txnMemoryOf } from './settings.ts';

/** Delivers to Matrix as an application service of one homeserver. */
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
  // The homeserver recognizes a transaction id for a limited time (client-server API, "Transaction identifiers").
  // Setting the same text again, redacting a redacted event, or repeating our own reaction does no harm.
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
