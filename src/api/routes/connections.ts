import type { Connector } from '../../connectors/contract/connector.ts';
import { checkFields } from '../../connectors/contract/fields.ts';
import { mergeSecrets, splitSecrets } from '../../connectors/contract/secrets.ts';
import { chosenId, type ConnectionId, type TenantId } from '../../domain/ids.ts';
import {
  connectionSecrets,
  deleteConnection,
  findConnection,
  listConnections,
  secretNames,
  writeConnection,
  type ConnectionRow,
} from '../../store/config/connections.ts';
import { newConfigId, pathId, requireSameId } from '../http/config-id.ts';
import { connectionGate } from '../../domain/gate.ts';
import { resumeGate } from '../../store/waiting/pause.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { invalidInput, notFound, Problem } from '../errors.ts';
import { requireBody } from '../http/json-body.ts';
import type { Api } from '../route.ts';
import {
  configQuery,
  connectionInputSchema,
  connectionSchema,
  connectionsPage,
  type ConnectionAnswer,
  type ConnectionInput,
} from '../schemas/connection.ts';
import { defaultLimit } from '../schemas/list.ts';
import { findRateErrors, readRate, showRate } from '../schemas/rate.ts';
import { bodyErrors, errorAnswers } from '../schemas/problem.ts';

const tags = ['connections'];
const cursors = cursorsOf('connections', chosenId);
const writeErrors = [...bodyErrors, 'not_yet_supported', 'unknown_connector'] as const;

/** Routes that create, list, show, replace and delete connections. Secrets are stored and never shown. */
export function connectionRoutes(app: Api, { sql, ring, connectors }: ApiDeps): void {
  function connectorOf(name: string): Connector {
    const connector = connectors.find((one) => one.name === name);
    if (connector !== undefined) return connector;
    const message = `must be one of ${connectors.map((one) => one.name).join(', ')}`;
    throw invalidInput([{ path: '/connector', code: 'unknown_connector', message }]);
  }

  /** @param before the connection that is replaced. Secrets that the input lacks are kept from it. */
  async function write(
    tenant: TenantId,
    id: ConnectionId,
    input: ConnectionInput,
    before: ConnectionRow | undefined,
    replace: boolean,
  ) {
    const { name, settings: fields } = connectorOf(input.connector);
    if (before !== undefined && before.connector !== name) {
      const message = `cannot be changed from ${before.connector}: the addresses of its destinations belong to it`;
      throw invalidInput([{ path: '/connector', code: 'invalid_value', message }]);
    }
    const stored = before === undefined ? {} : await connectionSecrets(sql, ring, tenant, id);
    const values = mergeSecrets(fields, input.settings ?? {}, stored);
    const errors = [...checkFields(fields, values, '/settings'), ...findRateErrors(input.rate)];
    if (errors.length > 0) throw invalidInput(errors);
    const { open, secret } = splitSecrets(fields, values);
    const row = {
      tenant,
      id,
      connector: name,
      settings: { ...open },
      secrets: { ...secret },
      rate: readRate(input.rate),
    };
    const outcome = await writeConnection(sql, ring, row, replace);
    if (outcome === 'no-tenant') throw notFound('tenant');
    // A gate that was paused by a failure is resumed, because the new settings may have fixed the cause.
    if (outcome === 'replaced') await resumeGate(sql, tenant, connectionGate(id), true);
    return outcome;
  }

  async function show(tenant: TenantId, rows: readonly ConnectionRow[]): Promise<ConnectionAnswer[]> {
    const names = await secretNames(
      sql,
      ring,
      tenant,
      rows.map(({ id }) => id),
    );
    return rows.map(({ createdAt, updatedAt, id, rate, ...rest }) => ({
      id,
      ...rest,
      ...showRate(rate),
      secretsSet: [...(names.get(id) ?? [])],
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    }));
  }

  async function showOne(tenant: TenantId, id: ConnectionId): Promise<ConnectionAnswer> {
    const row = await findConnection(sql, tenant, id);
    const [shown] = row === undefined ? [] : await show(tenant, [row]);
    if (shown === undefined) throw notFound('connection');
    return shown;
  }

  app.route({
    method: 'POST',
    url: '/v1/connections',
    config: { scope: 'config:write' },
    preValidation: requireBody,
    schema: {
      operationId: 'createConnection',
      tags,
      summary: 'Create a connection',
      body: connectionInputSchema,
      response: { 201: connectionSchema, ...errorAnswers('already_exists', ...writeErrors) },
    },
    handler: async ({ body, caller: { tenant } }, reply) => {
      const id = body.id ?? newConfigId('conn');
      if ((await write(tenant, id, body, undefined, false)) === 'exists')
        throw new Problem('already_exists', `There is already a connection "${id}".`, { id });
      reply.code(201).header('location', `/v1/connections/${id}`);
      return showOne(tenant, id);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/connections',
    config: { scope: 'config:write' },
    schema: {
      operationId: 'listConnections',
      tags,
      summary: 'List connections by id',
      querystring: configQuery,
      response: { 200: connectionsPage, ...errorAnswers('invalid') },
    },
    handler: async ({ query, caller: { tenant } }) => {
      const { limit = defaultLimit, cursor } = query;
      const rows = await listConnections(sql, tenant, limit + 1, cursors.decode(cursor) ?? '');
      const { data, nextCursor } = pageOf(
        rows,
        limit,
        cursors,
        ({ id }) => id,
        (row) => row,
      );
      return { data: await show(tenant, data), nextCursor };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/connections/:id',
    config: { scope: 'config:write' },
    schema: {
      operationId: 'getConnection',
      tags,
      summary: 'Show a connection',
      response: { 200: connectionSchema, ...errorAnswers('not_found') },
    },
    handler: async ({ params, caller: { tenant } }) => showOne(tenant, pathId(params, 'connection')),
  });

  app.route({
    method: 'PUT',
    url: '/v1/connections/:id',
    config: { scope: 'config:write' },
    preValidation: requireBody,
    schema: {
      operationId: 'putConnection',
      tags,
      summary: 'Create or replace a connection; secrets that are left out are kept',
      body: connectionInputSchema,
      response: { 200: connectionSchema, 201: connectionSchema, ...errorAnswers('not_found', ...writeErrors) },
    },
    handler: async ({ params, body, caller: { tenant } }, reply) => {
      const id = pathId(params, 'connection');
      requireSameId(id, body.id);
      const before = await findConnection(sql, tenant, id);
      const outcome = await write(tenant, id, body, before, true);
      if (outcome === 'created') reply.code(201).header('location', `/v1/connections/${id}`);
      return showOne(tenant, id);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/connections/:id',
    config: { scope: 'config:write' },
    schema: {
      operationId: 'deleteConnection',
      tags,
      summary: 'Delete a connection that no destination uses',
      response: { 204: { type: 'null', description: 'Deleted.' }, ...errorAnswers('not_found', 'in_use') },
    },
    handler: async ({ params, caller: { tenant } }, reply) => {
      const id = pathId(params, 'connection');
      const outcome = await deleteConnection(sql, tenant, id);
      if (outcome === 'not-found') throw notFound('connection');
      if (outcome === 'in-use') throw new Problem('in_use', `A destination uses "${id}".`, { id });
      return reply.code(204).send(null);
    },
  });
}
