import { createHash } from 'node:crypto';
import type { Received } from '../connectors/inbound.ts';
import type { Arrival } from '../store/inbox.ts';

/**
 * What of a request is stored: its events, or the body that was not understood, as text. What is none of ours is not
 * kept: most of what a busy workspace sends is joins and topics.
 */
export function arrivalsOf(received: Received, body: Buffer | undefined): Arrival[] {
  switch (received.kind) {
    case 'events':
      return received.events.flatMap((one) => ('event' in one ? [{ event: one.event }] : []));
    case 'unreadable': {
      const key = `unreadable:${createHash('sha256')
        .update(body ?? '')
        .digest('hex')}`;
      const reason = { code: 'unreadable', message: received.message };
      return [{ unreadable: { key, body: body?.toString('base64') ?? '', reason } }];
    }
    default:
      return [];
  }
}
