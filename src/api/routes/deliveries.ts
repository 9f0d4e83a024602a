import { deliveryIdPattern, type DeliveryId, type TenantId } from '../../domain/ids.ts';
import { listAttempts, type AttemptRow } from '../../store/read/attempts.ts';
import { findDelivery, listDeliveries, summarizeDeliveries, type DeliveryRow } from '../../store/read/deliveries.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { notFound } from '../errors.ts';
import type { Api } from '../route.ts';
import { attemptsPage, attemptsQuery, type AttemptAnswer } from '../schemas/attempt.ts';
import { deliveriesPage, deliveriesQuery, deliverySchema, summarySchema, commandBody } from '../schemas/delivery.ts';
import { defaultLimit } from '../schemas/list.ts';
import { bodyErrors, errorAnswers } from '../schemas/problem.ts';
import { showDelivery } from '../show/show-delivery.ts';
import { commandGiver } from '../operate/command.ts';

const tags = ['deliveries'];
const cursors = cursorsOf('deliveries', deliveryIdPattern);
const attemptCursors = cursorsOf('attempts', /^att_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
/** The most groups of destination, state and reason that one answer has. */
const maxGroups = 1_000;

/** Routes that list and show deliveries and their attempts, and retry or cancel one. */
export function deliveryRoutes(app: Api, deps: ApiDeps): void {
  const { sql } = deps;
  const giveCommand = commandGiver(deps);

  /** @throws Problem 404, also when the id is not valid. */
  async function find(tenant: TenantId, params: unknown): Promise<DeliveryRow> {
    const { id } = params as { id: DeliveryId };
    const row = deliveryIdPattern.test(id) ? await findDelivery(sql, tenant, id) : undefined;
    if (row === undefined) throw notFound('delivery');
    return row;
  }

  app.route({
    method: 'GET',
    url: '/v1/deliveries',
    config: { scope: 'messages:read' },
    schema: {
      operationId: 'listDeliveries',
      tags,
      summary: 'List deliveries, newest first',
      querystring: deliveriesQuery,
      response: { 200: deliveriesPage, ...errorAnswers('invalid') },
    },
    handler: async ({ query, caller: { tenant } }) => {
      const { state, limit = defaultLimit, cursor, ...filter } = query;
      const wanted = { ...filter, states: state };
      const rows = await listDeliveries(sql, tenant, wanted, limit + 1, cursors.decode(cursor));
      return pageOf(rows, limit, cursors, ({ id }) => id, showDelivery);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/deliveries/summary',
    config: { scope: 'messages:read' },
    schema: {
      operationId: 'summarizeDeliveries',
      tags,
      summary: 'Count the deliveries that need an operator, by destination and reason',
      response: { 200: summarySchema, ...errorAnswers() },
    },
    handler: async ({ caller: { tenant } }) => {
      const rows = await summarizeDeliveries(sql, tenant, maxGroups);
      return { data: rows.map(({ oldestAt, ...rest }) => ({ ...rest, oldestAt: oldestAt.toISOString() })) };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/deliveries/:id',
    config: { scope: 'messages:read' },
    schema: {
      operationId: 'getDelivery',
      tags,
      summary: 'Show a delivery',
      response: { 200: deliverySchema, ...errorAnswers('not_found') },
    },
    handler: async ({ params, caller: { tenant } }) => showDelivery(await find(tenant, params)),
  });

  app.route({
    method: 'GET',
    url: '/v1/deliveries/:id/attempts',
    config: { scope: 'messages:read' },
    schema: {
      operationId: 'listAttempts',
      tags,
      summary: 'List the attempts of a delivery, oldest first',
      querystring: attemptsQuery,
      response: { 200: attemptsPage, ...errorAnswers('not_found', 'invalid') },
    },
    handler: async ({ params, query, caller: { tenant } }) => {
      const { limit = defaultLimit, cursor } = query;
      const after = attemptCursors.decode(cursor) ?? '';
      const { id } = await find(tenant, params);
      const rows = await listAttempts(sql, tenant, id, limit + 1, after);
      return pageOf(rows, limit, attemptCursors, (row) => row.id, showAttempt);
    },
  });

  for (const kind of ['retry', 'cancel'] as const) {
    app.route({
      method: 'POST',
      url: `/v1/deliveries/:id/${kind}`,
      config: { scope: 'deliveries:operate' },
      schema: {
        operationId: `${kind}Delivery`,
        tags,
        summary: kind === 'retry' ? 'Start a new retry cycle now' : 'Cancel a delivery that is not final',
        body: commandBody,
        response: {
          202: deliverySchema,
          ...errorAnswers('not_found', kind === 'retry' ? 'not_retryable' : 'not_cancellable', ...bodyErrors),
        },
      },
      handler: async (request, reply) => {
        const { tenant } = request.caller;
        const { id } = await find(tenant, request.params);
        await giveCommand(request, kind, { delivery: id }, request.body?.reason);
        reply.code(202);
        return showDelivery(await find(tenant, request.params));
      },
    });
  }
}

function showAttempt(row: AttemptRow): AttemptAnswer {
  const { startedAt, endedAt, code, status, message, excerpt, retryAfterMs, part, ...rest } = row;
  const found = Object.entries({ code, status, message, excerpt, retryAfterMs, part }).filter(
    ([, value]) => value !== null,
  );
  return {
    ...rest,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    durationMs: endedAt === null ? null : endedAt.getTime() - startedAt.getTime(),
    ...Object.fromEntries(found),
  };
}
