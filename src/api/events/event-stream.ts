import type { EventPosition, EventsRead } from '../../store/read/events.ts';
import { encodeEventCursor } from './event-cursor.ts';
import type { EventWatch } from './event-watch.ts';
import { isOutage } from '../http/problem-reply.ts';
import { settlesWithin } from '../limits/settles-within.ts';
import { showEvent } from './show-event.ts';

/** Milliseconds that a client waits before it connects again. */
const retryMs = 2_000;

export interface StreamSource {
  readonly read: (after: EventPosition) => Promise<EventsRead>;
  readonly watch: EventWatch;
  readonly heartbeatMs: number;
}

/**
 * The text of an event stream, in the order of events, until the signal. It is asked for the next piece when the one
 * before is written, so it holds one page at most however slowly somebody reads. A PostgreSQL that is away is waited
 * for; what cannot be mended ends the stream, and the client's next request is told why.
 * @param first what was read before the answer began.
 */
export async function* eventStream(
  { read, watch, heartbeatMs }: StreamSource,
  start: EventPosition,
  first: EventsRead,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  // With the place where it starts: who is cut before the first event goes on from here and not from a later "now".
  yield `retry: ${retryMs}\nid: ${encodeEventCursor(start)}\n\n${render(first)}`;
  let { position, isCaughtUp } = first;
  while (!signal.aborted) {
    if (isCaughtUp && !(await watch.awaitAfter(position, heartbeatMs, signal))) {
      yield heartbeat(position);
      continue;
    }
    const reading = read(position);
    while (!(await settlesWithin(heartbeatMs, reading, signal))) {
      if (signal.aborted) return;
      yield heartbeat(position);
    }
    const page = await reading.catch((error: unknown) => {
      if (isOutage(error)) return undefined;
      throw error;
    });
    if (page === undefined) {
      // Back to the shared look, which comes through when PostgreSQL does.
      isCaughtUp = true;
      yield heartbeat(position);
      continue;
    }
    if (page.isExpired) return;
    ({ position, isCaughtUp } = page);
    if (page.events.length > 0) yield render(page);
  }
}

/**
 * A comment, so that proxies see that it lives, and the place reached: a reader whose filter lets nothing through for
 * long does not fall behind what is kept.
 */
function heartbeat(position: EventPosition): string {
  return `: still here\nid: ${encodeEventCursor(position)}\n\n`;
}

function render({ events }: EventsRead): string {
  return events
    .map((row) => {
      const event = showEvent(row);
      return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
    })
    .join('');
}
