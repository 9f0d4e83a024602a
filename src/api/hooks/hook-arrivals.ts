import { createHash } from 'node:crypto';
import type { HookRequest, Received } from '../../connectors/contract/inbound.ts';
import type { Reason } from '../../domain/failure.ts';
import type { Arrival } from '../../store/inbound/inbox.ts';

/**
 * What of a request is stored: its events, or the request that was not understood. What is none of ours is not
 * kept: most of what a busy workspace sends is joins and topics.
 */
export function arrivalsOf(received: Received, request: HookRequest, now: Date): Arrival[] {
  switch (received.kind) {
    case 'events':
      return received.events.flatMap((one) => ('event' in one ? [{ event: one.event }] : []));
    case 'unreadable': {
      const key = `unreadable:${createHash('sha256').update(request.body).digest('hex')}`;
      const reason: Reason = { code: 'unreadable', message: received.message };
      const { method, path, headers } = request;
      const body = request.body.toString('base64');
      const kept = { method, path, query: request.query.toString(), headers, body, at: now.toISOString() };
      return [{ unreadable: { key, request: kept, reason } }];
    }
    default:
      return [];
  }
}
