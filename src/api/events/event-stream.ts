import type { EventPosition, EventsRead } from '../../store/read/events.ts';
import { encodeEventCursor } from './event-cursor.ts';
import type { EventWatch } from './event-watch.ts';
import { mayWorkLater } from '../../store/db/db.ts';
import { settlesWithin } from '../limits/settles-within.ts';
import { showEvent } from './show-event.ts';

/** How long a client waits before it connects again, in milliseconds. */
const retryMs = 2_000;

export interface StreamSource {
  readonly read: (after: EventPosition) => Promise<EventsRead>;
  readonly watch: EventWatch;
  readonly heartbeatMs: number;
}

/**
 * Yields the text of an event stream, in the order of the events, until the signal is aborted. The consumer asks for
 * the next piece after it has written the last one, so even a slow reader costs no more memory than one page. While
 * PostgreSQL is away, the stream waits. When the position is no longer kept, the stream ends, and the client's next
 * request gets the error.
 * @param first the page that was read before the answer began.
 * @throws any other error of a read.
 */
export async function* eventStream(
  { read, watch, heartbeatMs }: StreamSource,
  start: EventPosition,
  first: EventsRead,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  // The first piece has the id of the start. A client that is cut off before the first event then goes on from there.
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
      if (mayWorkLater(error)) return undefined;
      throw error;
    });
    if (page === undefined) {
      // Wait for the shared look of all streams, which succeeds as soon as PostgreSQL is back.
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
 * A comment, which shows proxies that the stream is alive, and the current position. The position moves on even when
 * the filter matches nothing for a long time, so that the client's cursor does not expire.
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
