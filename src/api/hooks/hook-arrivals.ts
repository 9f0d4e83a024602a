import { createHash } from 'node:crypto';
import type { HookRequest, Received } from '../../connectors/contract/inbound.ts';
import type { Reason } from '../../domain/failure.ts';
import type { Arrival } from '../../store/inbound/inbox.ts';

/**
 * What is stored of a request: its events, or the whole request when it was not understood. Things that Carillon does
 * not handle are not stored, because most requests of a busy workspace are about joins and topics.
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
