import { inboxIdPattern } from '../../domain/ids.ts';
import { listInbox, type InboxRow } from '../../store/inbound/inbox-pages.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import type { Api } from '../route.ts';
import { inboxPage, inboxQuery, type ArrivedAnswer } from '../schemas/inbox.ts';
import { defaultLimit } from '../schemas/list.ts';
import { errorAnswers } from '../schemas/problem.ts';

const cursors = cursorsOf('inbox', inboxIdPattern);

/** The route that lists the events that platforms sent, and what became of each. */
export function inboxRoutes(app: Api, { sql }: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/inbox',
    config: { scope: 'messages:read' },
    schema: {
      operationId: 'listInbox',
      tags: ['hooks'],
      summary: 'List the events that platforms sent and what became of each, newest first',
      description:
        'The content is shown only on the message. Requests that were not understood are at `/v1/quarantine`.',
      querystring: inboxQuery,
      response: { 200: inboxPage, ...errorAnswers('invalid') },
    },
    handler: async ({ query, caller: { tenant } }) => {
      const { limit = defaultLimit, cursor, ...filter } = query;
      const rows = await listInbox(sql, tenant, filter, limit + 1, cursors.decode(cursor));
      return pageOf(rows, limit, cursors, ({ id }) => id, show);
    },
  });
}

function show({ reason, receivedAt, nextLookAt, doneAt, ...row }: InboxRow): ArrivedAnswer {
  return {
    ...row,
    ...(reason === null ? {} : { reason }),
    receivedAt: receivedAt.toISOString(),
    nextLookAt: nextLookAt?.toISOString() ?? null,
    doneAt: doneAt?.toISOString() ?? null,
  };
}
