import { chosenId, type BridgeId, type TenantId } from '../../domain/ids.ts';
import { deleteBridge, findBridge, listBridges, writeBridge, type BridgeRow } from '../../store/config/bridges.ts';
import { findConnection } from '../../store/config/connections.ts';
import { findDestination } from '../../store/config/destinations.ts';
import { newConfigId, pathId, requireSameId } from '../http/config-id.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { invalidInput, notFound, Problem, type InputError } from '../errors.ts';
import { requireBody } from '../http/json-body.ts';
import type { Api } from '../route.ts';
import {
  bridgeInputSchema,
  bridgeSchema,
  bridgesPage,
  type BridgeAnswer,
  type BridgeInput,
} from '../schemas/bridge.ts';
import { configQuery } from '../schemas/connection.ts';
import { defaultLimit } from '../schemas/list.ts';
import { bodyErrors, errorAnswers } from '../schemas/problem.ts';

const tags = ['bridges'];
const cursors = cursorsOf('bridges', chosenId);
const writeErrors = [...bodyErrors, 'unknown_destination'] as const;

/** Routes that create, list, show, replace and delete bridges. */
export function bridgeRoutes(app: Api, { sql, connectors }: ApiDeps): void {
  /** Finds members that do not exist, or whose platform sends no events. Such a member cannot take part in a bridge. */
  async function findErrors(tenant: TenantId, members: readonly string[]): Promise<InputError[]> {
    const errors: InputError[] = [];
    for (const [index, id] of members.entries()) {
      const path = `/members/${index}`;
      const destination = chosenId.test(id) ? await findDestination(sql, tenant, id) : undefined;
      if (destination === undefined) {
        errors.push({
          path,
          code: 'unknown_destination',
          message: `names a destination that does not exist: ${JSON.stringify(id.slice(0, 100))}`,
        });
        continue;
      }
      const connection = await findConnection(sql, tenant, destination.connection);
      const connector = connectors.find(({ name }) => name === connection?.connector);
      if (connector?.inbound?.roomOf(destination.address) === undefined)
        errors.push({
          path,
          code: 'invalid_value',
          message: `cannot be a member: no events come in from ${connector?.title ?? 'there'}`,
        });
    }
    return errors;
  }

  async function write(tenant: TenantId, id: BridgeId, { members, order = 'thread' }: BridgeInput, replace: boolean) {
    const errors = await findErrors(tenant, members);
    if (errors.length > 0) throw invalidInput(errors);
    const outcome = await writeBridge(sql, { tenant, id, members, order }, replace);
    if (outcome === 'no-tenant') throw notFound('tenant');
    if (typeof outcome === 'object') {
      const message = `names destinations that were deleted meanwhile: ${outcome.missing.join(', ')}`;
      throw invalidInput([{ path: '/members', code: 'unknown_destination', message }]);
    }
    return outcome;
  }

  async function showOne(tenant: TenantId, id: BridgeId): Promise<BridgeAnswer> {
    const row = await findBridge(sql, tenant, id);
    if (row === undefined) throw notFound('bridge');
    return show(row);
  }

  app.route({
    method: 'POST',
    url: '/v1/bridges',
    config: { scope: 'config:write' },
    preValidation: requireBody,
    schema: {
      operationId: 'createBridge',
      tags,
      summary: 'Create a bridge',
      body: bridgeInputSchema,
      response: { 201: bridgeSchema, ...errorAnswers('already_exists', ...writeErrors) },
    },
    handler: async ({ body, caller: { tenant } }, reply) => {
      const id = body.id ?? newConfigId('bridge');
      if ((await write(tenant, id, body, false)) === 'exists')
        throw new Problem('already_exists', `There is already a bridge "${id}".`, { id });
      reply.code(201).header('location', `/v1/bridges/${id}`);
      return showOne(tenant, id);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/bridges',
    config: { scope: 'config:write' },
    schema: {
      operationId: 'listBridges',
      tags,
      summary: 'List bridges by id',
      querystring: configQuery,
      response: { 200: bridgesPage, ...errorAnswers('invalid') },
    },
    handler: async ({ query, caller: { tenant } }) => {
      const { limit = defaultLimit, cursor } = query;
      const rows = await listBridges(sql, tenant, limit + 1, cursors.decode(cursor) ?? '');
      return pageOf(rows, limit, cursors, ({ id }) => id, show);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/bridges/:id',
    config: { scope: 'config:write' },
    schema: {
      operationId: 'getBridge',
      tags,
      summary: 'Show a bridge',
      response: { 200: bridgeSchema, ...errorAnswers('not_found') },
    },
    handler: async ({ params, caller: { tenant } }) => showOne(tenant, pathId(params, 'bridge')),
  });

  app.route({
    method: 'PUT',
    url: '/v1/bridges/:id',
    config: { scope: 'config:write' },
    preValidation: requireBody,
    schema: {
      operationId: 'putBridge',
      tags,
      summary: 'Create or replace a bridge',
      body: bridgeInputSchema,
      response: { 200: bridgeSchema, 201: bridgeSchema, ...errorAnswers('not_found', ...writeErrors) },
    },
    handler: async ({ params, body, caller: { tenant } }, reply) => {
      const id = pathId(params, 'bridge');
      requireSameId(id, body.id);
      const outcome = await write(tenant, id, body, true);
      if (outcome === 'created') reply.code(201).header('location', `/v1/bridges/${id}`);
      return showOne(tenant, id);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/bridges/:id',
    config: { scope: 'config:write' },
    schema: {
      operationId: 'deleteBridge',
      tags,
      summary: 'Delete a bridge; earlier posts stay in the rooms',
      response: { 204: { type: 'null', description: 'Deleted.' }, ...errorAnswers('not_found') },
    },
    handler: async ({ params, caller: { tenant } }, reply) => {
      const id = pathId(params, 'bridge');
      if (!(await deleteBridge(sql, tenant, id))) throw notFound('bridge');
      return reply.code(204).send(null);
    },
  });
}

function show({ createdAt, updatedAt, members, ...rest }: BridgeRow): BridgeAnswer {
  return {
    ...rest,
    members: [...members],
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
