import { checkFields } from '../../connectors/contract/fields.ts';
import { usualClocks } from '../../domain/clocks.ts';
import { destinationGate } from '../../domain/gate.ts';
import { chosenId, type DestinationId, type TenantId } from '../../domain/ids.ts';
import { findRetryProblems, formatDuration, type RetryInput } from '../../domain/retry-input.ts';
import { defaultRetryPolicy, parseDuration } from '../../domain/retry.ts';
import { findConnection } from '../../store/config/connections.ts';
import {
  deleteDestination,
  findDestination,
  listDestinations,
  writeDestination,
  type DestinationRow,
} from '../../store/config/destinations.ts';
import { resumeGate } from '../../store/waiting/pause.ts';
import { newConfigId, pathId, requireSameId } from '../http/config-id.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { invalidInput, notFound, Problem, type InputError } from '../errors.ts';
import { requireBody } from '../http/json-body.ts';
import { findPlanned } from '../http/not-yet-supported.ts';
import type { Api } from '../route.ts';
import { configQuery } from '../schemas/connection.ts';
import {
  destinationInputSchema,
  destinationSchema,
  destinationsPage,
  plannedDestinationFields,
  type DestinationAnswer,
  type DestinationInput,
} from '../schemas/destination.ts';
import { defaultLimit } from '../schemas/list.ts';
import { findRateErrors, readRate, showRate } from '../schemas/rate.ts';
import { bodyErrors, errorAnswers } from '../schemas/problem.ts';

const tags = ['destinations'];
const cursors = cursorsOf('destinations', chosenId);
const writeErrors = [...bodyErrors, 'not_yet_supported', 'unknown_connection'] as const;
const usualTimeout = '10s';
const usualHold = formatDuration(usualClocks.holdMs);

/** Routes that create, list, show, replace and delete destinations. */
export function destinationRoutes(app: Api, { sql, connectors }: ApiDeps): void {
  async function findErrors(tenant: TenantId, input: DestinationInput): Promise<InputError[]> {
    const { connection, address, retry, timeout, rate } = input;
    const errors: InputError[] = findRetryProblems((retry ?? null) as RetryInput).map(({ key, message }) => {
      return { path: `/retry/${key}`, code: 'invalid_value', message };
    });
    const ms = parseDuration(timeout ?? usualTimeout) ?? 0;
    if (ms < 100 || ms > 60_000)
      errors.push({ path: '/timeout', code: 'invalid_value', message: 'must be between 100ms and 60s' });
    errors.push(...findRateErrors(rate));
    const through = chosenId.test(connection) ? await findConnection(sql, tenant, connection) : undefined;
    if (through === undefined) return [...errors, noConnection(connection)];
    const connector = connectors.find(({ name }) => name === through.connector);
    if (connector === undefined) throw new Error(`connection ${connection}: no connector "${through.connector}"`);
    return [...errors, ...checkFields(connector.address, address ?? {}, '/address')];
  }

  async function write(tenant: TenantId, id: DestinationId, input: DestinationInput, replace: boolean) {
    const { connection, address, retry, order, ambiguous, timeout, onParked, holdFor = usualHold, rate } = input;
    const errors = await findErrors(tenant, input);
    if (errors.length > 0) throw invalidInput(errors);
    const row = {
      tenant,
      id,
      connection,
      address: address ?? {},
      retry: retry ?? null,
      order: order ?? 'conversation',
      ambiguous: ambiguous ?? 'at-least-once',
      timeoutMs: parseDuration(timeout ?? usualTimeout) ?? 0,
      onParked: onParked ?? 'hold',
      holdForMs: holdFor === 'forever' ? Number.POSITIVE_INFINITY : (parseDuration(holdFor) ?? 0),
      rate: readRate(rate),
    } as const;
    const outcome = await writeDestination(sql, row, replace);
    if (outcome === 'no-connection') throw invalidInput([noConnection(connection)]);
    // A gate that was paused by a failure is resumed, because the new settings may have fixed the cause.
    if (outcome === 'replaced') await resumeGate(sql, tenant, destinationGate(id), true);
    return outcome;
  }

  async function showOne(tenant: TenantId, id: DestinationId): Promise<DestinationAnswer> {
    const row = await findDestination(sql, tenant, id);
    if (row === undefined) throw notFound('destination');
    return show(row);
  }

  const refusePlanned = async ({ body }: { body: unknown }): Promise<void> => {
    const planned = findPlanned(body, plannedDestinationFields);
    if (planned.length > 0) throw invalidInput(planned);
  };

  app.route({
    method: 'POST',
    url: '/v1/destinations',
    config: { scope: 'config:write' },
    preValidation: [requireBody, refusePlanned],
    schema: {
      operationId: 'createDestination',
      tags,
      summary: 'Create a destination',
      body: destinationInputSchema,
      response: { 201: destinationSchema, ...errorAnswers('already_exists', ...writeErrors) },
    },
    handler: async ({ body, caller: { tenant } }, reply) => {
      const id = body.id ?? newConfigId('dst');
      if ((await write(tenant, id, body, false)) === 'exists')
        throw new Problem('already_exists', `There is already a destination "${id}".`, { id });
      reply.code(201).header('location', `/v1/destinations/${id}`);
      return showOne(tenant, id);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/destinations',
    config: { scope: 'config:write' },
    schema: {
      operationId: 'listDestinations',
      tags,
      summary: 'List destinations by id',
      querystring: configQuery,
      response: { 200: destinationsPage, ...errorAnswers('invalid') },
    },
    handler: async ({ query, caller: { tenant } }) => {
      const { limit = defaultLimit, cursor } = query;
      const rows = await listDestinations(sql, tenant, limit + 1, cursors.decode(cursor) ?? '');
      return pageOf(rows, limit, cursors, ({ id }) => id, show);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/destinations/:id',
    config: { scope: 'config:write' },
    schema: {
      operationId: 'getDestination',
      tags,
      summary: 'Show a destination',
      response: { 200: destinationSchema, ...errorAnswers('not_found') },
    },
    handler: async ({ params, caller: { tenant } }) => showOne(tenant, pathId(params, 'destination')),
  });

  app.route({
    method: 'PUT',
    url: '/v1/destinations/:id',
    config: { scope: 'config:write' },
    preValidation: [requireBody, refusePlanned],
    schema: {
      operationId: 'putDestination',
      tags,
      summary: 'Create or replace a destination',
      body: destinationInputSchema,
      response: { 200: destinationSchema, 201: destinationSchema, ...errorAnswers('not_found', ...writeErrors) },
    },
    handler: async ({ params, body, caller: { tenant } }, reply) => {
      const id = pathId(params, 'destination');
      requireSameId(id, body.id);
      const outcome = await write(tenant, id, body, true);
      if (outcome === 'created') reply.code(201).header('location', `/v1/destinations/${id}`);
      return showOne(tenant, id);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/destinations/:id',
    config: { scope: 'config:write' },
    schema: {
      operationId: 'deleteDestination',
      tags,
      summary: 'Delete a destination that has no deliveries under way and is in no bridge',
      response: { 204: { type: 'null', description: 'Deleted.' }, ...errorAnswers('not_found', 'in_use') },
    },
    handler: async ({ params, caller: { tenant } }, reply) => {
      const id = pathId(params, 'destination');
      const outcome = await deleteDestination(sql, tenant, id);
      if (outcome === 'not-found') throw notFound('destination');
      if (outcome === 'in-use')
        throw new Problem('in_use', `Deliveries to "${id}" are still under way, or it is a member of a bridge.`, {
          id,
        });
      return reply.code(204).send(null);
    },
  });
}

function noConnection(id: string): InputError {
  const message = `names a connection that does not exist: ${JSON.stringify(id.slice(0, 100))}`;
  return { path: '/connection', code: 'unknown_connection', message };
}

function show({ timeoutMs, holdForMs, rate, createdAt, updatedAt, retry, ...rest }: DestinationRow): DestinationAnswer {
  return {
    ...rest,
    retry: (retry ?? defaultRetryPolicy) as DestinationAnswer['retry'],
    timeout: formatDuration(timeoutMs),
    holdFor: Number.isFinite(holdForMs) ? formatDuration(holdForMs) : 'forever',
    ...showRate(rate),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
