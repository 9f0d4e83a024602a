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
  'Every change of what a user would call state, the oldest first, each once. With `Accept: text/event-stream` the ' +
  'answer is a stream of server-sent events that goes on; else it is a page. An event appears when its transaction and ' +
  'all that began before it are over, so none is skipped. Without a cursor, pages begin at the oldest event that is ' +
  'kept and a stream begins now. A stream that ends is opened again with the last `id` as `Last-Event-ID`.';

const streamDescription =
  'Server-sent events: `id` is the cursor, `event` the type, `data` the Event as JSON. Comments and empty `id`s come ' +
  'between them, as a sign of life.';

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
      summary: 'What happens, as pages or as a stream',
      description,
      querystring: eventsQuery,
      headers: Type.Object({
        'last-event-id': Type.Optional(
          Type.String({ description: 'The `id` that a stream gave last; comes before `after`. For streams only.' }),
        ),
      }),
      response: {
        200: {
          description: 'A page, or a stream.',
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
