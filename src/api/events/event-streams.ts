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
/** Events read at once for a stream; it holds them until its reader has taken them. */
const pageSize = 200;
/** Of the pool's connections, those that streams may keep busy: other requests come first. */
const readsAtOnce = 2;

export interface EventStreams {
  /**
   * Answers with a stream; resolves when it is over. Without a position it starts now.
   * @throws Problem 410, or 503 beyond the number of streams, before anything is written.
   */
  serve(
    request: FastifyRequest,
    reply: FastifyReply,
    filter: EventFilter,
    after: EventPosition | undefined,
  ): Promise<void>;
  /** Ends all; takes no new one. */
  close(): void;
}

/** The open streams of this process. */
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
      throw new Problem('unavailable', `${maxStreams} streams are open here already. Come again, or poll.`);
    const { raw } = reply;
    const { tenant, isStillValid } = request.caller;
    const over = new AbortController();
    const stop = (): void => {
      over.abort();
      // A reader that stands still would hold up the close. What it had not got it gets by its Last-Event-ID.
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
    // PostgreSQL took so long that the request was answered without it.
    if (reply.sent) return;
    if (first.isExpired) throw expiredCursor();
    if (over.signal.aborted) throw stopping();

    // From here on it is not Fastify's: its limit of time for an answer ends what has not ended.
    reply.hijack();
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // nginx would keep events back until its buffer is full.
      'x-accel-buffering': 'no',
      // A close of the server waits for connections, and this one is of no more use.
      connection: 'close',
    });
    // A key that is revoked while the stream is open ends it; a PostgreSQL that is away does not.
    const checking = setInterval(() => {
      isStillValid().then(
        (isValid) => (isValid ? undefined : stop()),
        () => undefined,
      );
    }, heartbeatMs);
    try {
      await pipeline(eventStream({ read, watch, heartbeatMs }, start, first, over.signal), raw);
    } catch (error) {
      // A reader that goes away is how most streams end; nothing else logs it, since the answer was never finished.
      if (over.signal.aborted && isGone(error))
        request.log.info({ ms: Math.round(reply.elapsedTime) }, 'an event stream was left');
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

const stopping = (): Problem => new Problem('unavailable', 'This process is stopping. Come again.');

const isGone = (error: unknown): boolean =>
  ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '');

/** For a cursor behind which events were removed already. */
export function expiredCursor(): Problem {
  return new Problem(
    'cursor_expired',
    'Events behind this cursor are no longer kept, so some would be missed. Start again without it.',
  );
}
