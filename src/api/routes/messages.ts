import { messageIdPattern, type MessageId } from '../../domain/ids.ts';
import { deliveriesOf } from '../../store/read/deliveries.ts';
import { findMessage, findWholeMessage, listMessages } from '../../store/read/messages.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { invalidInput, notFound } from '../errors.ts';
import { instantRange, readInstant } from '../http/instant.ts';
import type { Api } from '../route.ts';
import { commandBody, commandedSchema } from '../schemas/delivery.ts';
import { defaultLimit } from '../schemas/list.ts';
import { messageSchema, messagesPage, messagesQuery } from '../schemas/message.ts';
import { bodyErrors, errorAnswers } from '../schemas/problem.ts';
import { showMessageDelivery } from '../show/show-delivery.ts';
import { showMessage, showMessageItem } from '../show/show-message.ts';
import { commandGiver } from '../operate/command.ts';

const tags = ['messages'];
const cursors = cursorsOf('messages', messageIdPattern);

/** Routes that list, show, retry and cancel messages. */
export function messageRoutes(app: Api, deps: ApiDeps): void {
  const { sql, ring } = deps;
  const giveCommand = commandGiver(deps);

  /** @throws Problem 404, also when the id is not valid. */
  function idOf({ id }: { id: string }): MessageId {
    if (!messageIdPattern.test(id)) throw notFound('message');
    return id;
  }

  app.route({
    method: 'GET',
    url: '/v1/messages',
    config: { scope: 'messages:read' },
    schema: {
      operationId: 'listMessages',
      tags,
      summary: 'List messages, newest first',
      querystring: messagesQuery,
      response: { 200: messagesPage, ...errorAnswers('invalid') },
    },
    handler: async ({ query, caller: { tenant } }) => {
      const { state, since, until, limit = defaultLimit, cursor, ...filter } = query;
      const wanted = { ...filter, states: state, since: toDate('since', since), until: toDate('until', until) };
      const rows = await listMessages(sql, tenant, wanted, limit + 1, cursors.decode(cursor));
      return pageOf(rows, limit, cursors, ({ id }) => id, showMessageItem);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/messages/:id',
    config: { scope: 'messages:read' },
    schema: {
      operationId: 'getMessage',
      tags,
      summary: 'Show a message, what was promised for it and where it is',
      response: { 200: messageSchema, ...errorAnswers('not_found') },
    },
    handler: async ({ params, caller: { tenant } }) => {
      const whole = await findWholeMessage(sql, ring, tenant, idOf(params as { id: string }));
      if (whole === undefined) throw notFound('message');
      return showMessage(whole);
    },
  });

  for (const kind of ['retry', 'cancel'] as const) {
    app.route({
      method: 'POST',
      url: `/v1/messages/:id/${kind}`,
      config: { scope: 'deliveries:operate' },
      schema: {
        operationId: `${kind}Message`,
        tags,
        summary:
          kind === 'retry'
            ? 'Start a new retry cycle now for all deliveries that are parked, uncertain or retrying'
            : 'Cancel all deliveries that are not final',
        body: commandBody,
        response: {
          202: commandedSchema,
          ...errorAnswers('not_found', kind === 'retry' ? 'not_retryable' : 'not_cancellable', ...bodyErrors),
        },
      },
      handler: async (request, reply) => {
        const { tenant } = request.caller;
        const id = idOf(request.params as { id: string });
        if ((await findMessage(sql, tenant, id)) === undefined) throw notFound('message');
        await giveCommand(request, kind, { message: id }, request.body?.reason);
        reply.code(202);
        return { data: (await deliveriesOf(sql, tenant, id)).map(showMessageDelivery) };
      },
    });
  }
}

function toDate(name: string, text: string | undefined): Date | undefined {
  const instant = text === undefined ? undefined : readInstant(text);
  if (text === undefined || instant !== undefined) return instant;
  throw invalidInput([{ path: `?${name}`, code: 'invalid_value', message: instantRange }]);
}
