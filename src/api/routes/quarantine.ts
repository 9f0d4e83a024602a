import type { HookRequest } from '../../connectors/contract/inbound.ts';
import { inboxIdPattern, type TenantId } from '../../domain/ids.ts';
import { connectionWithSecrets } from '../../store/config/connections.ts';
import { receive, type KeptRequest } from '../../store/inbound/inbox.ts';
import {
  findQuarantined,
  listQuarantine,
  releaseQuarantined,
  type QuarantinedRow,
} from '../../store/inbound/inbox-pages.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { notFound, Problem } from '../errors.ts';
import { arrivalsOf } from '../hooks/hook-arrivals.ts';
import type { Api } from '../route.ts';
import { defaultLimit } from '../schemas/list.ts';
import { errorAnswers } from '../schemas/problem.ts';
import {
  quarantinedRequestSchema,
  quarantinePage,
  quarantineQuery,
  replayedSchema,
  type QuarantinedAnswer,
} from '../schemas/quarantine.ts';

const tags = ['quarantine'];
const cursors = cursorsOf('quarantine', inboxIdPattern);
const config = { scope: 'deliveries:operate' } as const;

/** Routes for requests of platforms that Carillon did not understand: list, show, and read again. */
export function quarantineRoutes(app: Api, { sql, acceptSql, ring, connectors, keys, pokeInbox }: ApiDeps): void {
  async function find(tenant: TenantId, params: unknown) {
    const { id } = params as { id: string };
    const row = inboxIdPattern.test(id) ? await findQuarantined(sql, ring, tenant, id) : undefined;
    if (row === undefined) throw notFound('quarantined request');
    return row;
  }

  app.route({
    method: 'GET',
    url: '/v1/quarantine',
    config,
    schema: {
      operationId: 'listQuarantine',
      tags,
      summary: 'List requests of platforms that were not understood, newest first',
      querystring: quarantineQuery,
      response: { 200: quarantinePage, ...errorAnswers('invalid') },
    },
    handler: async ({ query, caller: { tenant } }) => {
      const { limit = defaultLimit, cursor } = query;
      const rows = await listQuarantine(sql, tenant, limit + 1, cursors.decode(cursor));
      return pageOf(rows, limit, cursors, ({ id }) => id, show);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/quarantine/:id',
    config,
    schema: {
      operationId: 'getQuarantined',
      tags,
      summary: 'Show a request in quarantine as it arrived, without its headers, which contain signatures',
      response: { 200: quarantinedRequestSchema, ...errorAnswers('not_found') },
    },
    handler: async ({ params, caller: { tenant } }) => {
      const { request, ...row } = await find(tenant, params);
      const { method, path, query, body } = request;
      return { ...show(row), request: { method, path, query, body: Buffer.from(body, 'base64').toString('utf8') } };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/quarantine/:id/replay',
    config,
    schema: {
      operationId: 'replayQuarantined',
      tags,
      summary: 'Read a request again, because a newer version may understand it',
      description:
        'Its signature is checked again as of the time when it arrived. It is refused if its secret was removed ' +
        'since then.',
      response: { 202: replayedSchema, ...errorAnswers('not_found', 'not_understood') },
    },
    handler: async (request, reply) => {
      const { tenant, key: by } = request.caller;
      const { id, connection, request: kept } = await find(tenant, request.params);
      const at = await connectionWithSecrets(sql, ring, tenant, connection);
      const inbound = connectors.find(({ name }) => name === at?.connector)?.inbound;
      if (at === undefined || inbound === undefined) throw new Problem('not_understood', 'Its connection is gone.');
      const now = new Date(kept.at);
      const asked = hookRequest(kept);
      const received = await inbound.receive(asked, { id: connection, settings: at.settings }, { now, keys });
      if (received.kind === 'unreadable' || received.kind === 'refused')
        throw new Problem('not_understood', `The request is still not understood: ${received.message}.`, { id });
      const arrivals = arrivalsOf(received, asked, now);
      await receive(acceptSql, ring, [{ tenant, connection, arrivals }]);
      pokeInbox();
      await releaseQuarantined(sql, tenant, id);
      request.log.info({ quarantined: id, events: arrivals.length, by }, 'a request in quarantine was read again');
      reply.code(202);
      return { id, events: arrivals.length };
    },
  });
}

function show({ id, connection, receivedAt, reason: { code, message } }: QuarantinedRow): QuarantinedAnswer {
  return { id, connection, receivedAt: receivedAt.toISOString(), reason: { code, message } };
}

function hookRequest({ method, path, query, headers, body }: KeptRequest): HookRequest {
  return { method, path, query: new URLSearchParams(query), headers, body: Buffer.from(body, 'base64') };
}
