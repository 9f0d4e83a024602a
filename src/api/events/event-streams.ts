import { finished } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  currentEventPosition,
  newestEventPosition,
  readEvents,
  type EventFilter,
  type EventPosition,
  type EventsRead,
} from '../../store/read/events.ts';
import type { ApiDeps, EventStreamSettings } from '../deps.ts';
import { Problem } from '../errors.ts';
import { eventStream } from './event-stream.ts';
import { watchEvents } from './event-watch.ts';
import { createGate } from '../limits/concurrency.ts';

const usual: EventStreamSettings = { heartbeatMs: 15_000, maxStreams: 100, lookEveryMs: 300 };
/** How many events a stream reads at once. It holds them in memory until its reader has taken them. */
const pageSize = 200;
/** Streams use at most this many of the pool's connections, because other requests have priority. */
const readsAtOnce = 2;

export interface EventStreams {
  /**
   * Answers a request with a stream and resolves when the stream is over. Without `after` the stream begins now.
   * @throws Problem 410 when the cursor has expired, or 503 when too many streams are open or the server is closing.
   * Nothing has been written then.
   */
  serve(
    request: FastifyRequest,
    reply: FastifyReply,
    filter: EventFilter,
    after: EventPosition | undefined,
  ): Promise<void>;
  /** Ends all streams and refuses new ones. */
  close(): void;
}

/** Serves the event streams of this process and limits their number. */
export function createEventStreams({ sql, logger, eventStreams }: ApiDeps): EventStreams {
  const { heartbeatMs, maxStreams, lookEveryMs } = { ...usual, ...eventStreams };
  const open = new Set<() => void>();
  const watch = watchEvents(() => newestEventPosition(sql), lookEveryMs, logger);
  const gate = createGate(readsAtOnce);
  let isClosing = false;

  async function serve(
    request: FastifyRequest,
    reply: FastifyReply,
    filter: EventFilter,
    after: EventPosition | undefined,
  ): Promise<void> {
    if (isClosing) throw stopping();
    if (open.size >= maxStreams)
      throw new Problem(
        'unavailable',
        `${maxStreams} streams are already open in this process. Try again later, or poll.`,
      );
    const { raw } = reply;
    const { tenant, isStillValid } = request.caller;
    const over = new AbortController();
    const stop = (): void => {
      over.abort();
      // A reader that has stopped reading would delay the close. It gets the missing events later with its
      // Last-Event-ID.
      if (raw.writableNeedDrain) raw.destroy();
    };
    open.add(stop);
    finished(raw, () => {
      open.delete(stop);
      over.abort();
    });

    const read = (position: EventPosition): Promise<EventsRead> =>
      gate(() => readEvents(sql, tenant, filter, position, pageSize));
    const start = after ?? (await currentEventPosition(sql));
    const first = await read(start);
    // The read took so long that Fastify has already answered the request.
    if (reply.sent) return;
    if (first.isExpired) throw expiredCursor();
    if (over.signal.aborted) throw stopping();

    // Take the answer over from Fastify, whose time limit for handlers would end the stream.
    reply.hijack();
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // nginx would otherwise hold events back until its buffer is full.
      'x-accel-buffering': 'no',
      // A close of the server waits for open connections, and this one cannot be used again.
      connection: 'close',
    });
    // Revoking the key ends an open stream. An unreachable PostgreSQL does not.
    const checking = setInterval(() => {
      isStillValid().then(
        (isValid) => (isValid ? undefined : stop()),
        () => undefined,
      );
    }, heartbeatMs);
    try {
      await pipeline(eventStream({ read, watch, heartbeatMs }, start, first, over.signal), raw);
    } catch (error) {
      // Most streams end because the reader goes away. Only this line logs it, because the answer was never finished.
      if (over.signal.aborted && isGone(error))
        request.log.info({ ms: Math.round(reply.elapsedTime) }, 'a client left its event stream');
      else request.log.error({ err: error }, 'an event stream broke');
      raw.destroy();
    } finally {
      clearInterval(checking);
    }
  }

  return {
    serve,
    close() {
      isClosing = true;
      for (const stop of open) stop();
    },
  };
}

const stopping = (): Problem => new Problem('unavailable', 'This process is stopping. Try again.');

const isGone = (error: unknown): boolean =>
  ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The Problem for a cursor after which some events were already removed. */
export function expiredCursor(): Problem {
  return new Problem(
    'cursor_expired',
    'Some events after this cursor were already removed. Start again without a cursor.',
  );
}
