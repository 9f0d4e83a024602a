import { Type } from 'typebox';
import type { TenantId } from '../../domain/ids.ts';
import { beginningOfEvents, readEvents, type EventFilter, type EventPosition } from '../../store/read/events.ts';
import { acceptsEventStream } from '../http/accepts-event-stream.ts';
import type { ApiDeps } from '../deps.ts';
import { invalidInput } from '../errors.ts';
import { decodeEventCursor, encodeEventCursor } from '../events/event-cursor.ts';
import { createEventStreams, expiredCursor } from '../events/event-streams.ts';
import type { Api } from '../route.ts';
import { defaultEventLimit, eventsPage, eventsQuery } from '../schemas/event.ts';
import { errorAnswers } from '../schemas/problem.ts';
import { showEvent } from '../events/show-event.ts';

/** How long a poll looks for an event that matches its filter before it answers with its progress, in milliseconds. */
const searchMs = 1_000;

const description =
  'Every change of state that a user would notice, oldest first, each exactly once. With `Accept: ' +
  'text/event-stream` the answer is an open-ended stream of server-sent events, otherwise a page. An event appears ' +
  'when its transaction and all older ones have ended, so that none is skipped. Without a cursor, pages begin at ' +
  'the oldest event that is kept and a stream begins now. To continue a stream that has ended, send its last `id` ' +
  'as `Last-Event-ID`.';

const streamDescription =
  'Server-sent events: `id` is the cursor, `event` the type, and `data` the Event as JSON. Comments and ids without ' +
  'an event come in between, to show that the stream is alive.';

/** The route that gives events as pages or as a stream. */
export function eventRoutes(app: Api, deps: ApiDeps): void {
  const streams = createEventStreams(deps);
  app.addHook('preClose', async () => streams.close());

  async function poll(tenant: TenantId, filter: EventFilter, after: EventPosition | undefined, limit: number) {
    const end = performance.now() + searchMs;
    for (let position = after ?? beginningOfEvents; ;) {
      const read = await readEvents(deps.sql, tenant, filter, position, limit);
      if (read.isExpired) throw expiredCursor();
      position = read.position;
      if (read.events.length > 0 || read.isCaughtUp || performance.now() > end)
        return { data: read.events.map(showEvent), nextCursor: encodeEventCursor(position) };
    }
  }

  app.route({
    method: 'GET',
    url: '/v1/events',
    config: { scope: 'messages:read' },
    schema: {
      operationId: 'followEvents',
      tags: ['events'],
      summary: 'Follow events, as pages or as a stream',
      description,
      querystring: eventsQuery,
      headers: Type.Object({
        'last-event-id': Type.Optional(
          Type.String({
            description: 'The last `id` that a stream gave. It takes precedence over `after`. For streams only.',
          }),
        ),
      }),
      response: {
        200: {
          description: 'A page or a stream.',
          content: {
            'application/json': { schema: eventsPage },
            'text/event-stream': { schema: { type: 'string', description: streamDescription } },
          },
        },
        ...errorAnswers('cursor_expired', 'invalid'),
      },
    },
    handler: async (request, reply) => {
      const { type, after, limit, ...rest } = request.query;
      const filter = { ...rest, ...readTypes(type) };
      const position = after === undefined ? undefined : decodeEventCursor(after, '?after');
      reply.header('vary', 'accept');
      // A HEAD request gets the headers of a page, because a stream has no length.
      if (request.method !== 'GET' || !acceptsEventStream(request.headers.accept))
        return poll(request.caller.tenant, filter, position, limit ?? defaultEventLimit);
      if (limit !== undefined)
        throw invalidInput([{ path: '?limit', code: 'invalid_value', message: 'is for polling only' }]);
      const lastId = request.headers['last-event-id'] as string | undefined;
      // A browser repeats the same URL when it connects again, so the header is newer than `after`.
      const from = lastId === undefined || lastId === '' ? position : decodeEventCursor(lastId, 'last-event-id');
      await streams.serve(request, reply, filter, from);
      return reply;
    },
  });
}

function readTypes(types: readonly string[] | undefined): Pick<EventFilter, 'types' | 'prefixes'> {
  if (types === undefined) return {};
  return {
    types: types.filter((type) => !type.endsWith('*')),
    prefixes: types.filter((type) => type.endsWith('*')).map((type) => type.slice(0, -1)),
  };
}
