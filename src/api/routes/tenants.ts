import { chosenId, defaultTenant, type TenantId } from '../../domain/ids.ts';
import { findRetentionProblems } from '../../domain/retention.ts';
import { deleteTenant, findTenant, listTenants, writeTenant, type TenantRow } from '../../store/config/tenants.ts';
import { pathId, requireSameId } from '../http/config-id.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { invalidInput, notFound, Problem } from '../errors.ts';
import { requireBody } from '../http/json-body.ts';
import type { Api } from '../route.ts';
import { configQuery } from '../schemas/connection.ts';
import { defaultLimit } from '../schemas/list.ts';
import { bodyErrors, errorAnswers } from '../schemas/problem.ts';
import {
  tenantInputSchema,
  tenantSchema,
  tenantsPage,
  type TenantAnswer,
  type TenantInput,
} from '../schemas/tenant.ts';

const tags = ['tenants'];
const cursors = cursorsOf('tenants', chosenId);

/** Routes for tenants. Only the administrator may list or change them; a key may read its own tenant. */
export function tenantRoutes(app: Api, { sql }: ApiDeps): void {
  function write(id: TenantId, input: TenantInput, replace: boolean) {
    const { title = '', retention = {}, legalHold = false, limits = {}, requireIdempotencyKey = false } = input;
    const problems = findRetentionProblems(retention).map(({ key, message }) => {
      return { path: `/retention/${key}`, code: 'invalid_value', message };
    });
    if (problems.length > 0) throw invalidInput(problems);
    return writeTenant(sql, { id, title, retention, legalHold, limits, requireIdempotencyKey }, replace);
  }

  async function showOne(id: TenantId): Promise<TenantAnswer> {
    const row = await findTenant(sql, id);
    if (row === undefined) throw notFound('tenant');
    return show(row);
  }

  app.route({
    method: 'POST',
    url: '/v1/tenants',
    config: { scope: 'administrator' },
    preValidation: requireBody,
    schema: {
      operationId: 'createTenant',
      tags,
      summary: 'Create a tenant',
      body: tenantInputSchema,
      response: { 201: tenantSchema, ...errorAnswers('already_exists', ...bodyErrors) },
    },
    handler: async ({ body }, reply) => {
      const { id } = body;
      // The id of a tenant is part of logs and of ids of runs, so the caller must choose it.
      if (id === undefined) throw invalidInput([{ path: '/id', code: 'required', message: 'is required' }]);
      if ((await write(id, body, false)) === 'exists')
        throw new Problem('already_exists', `There is already a tenant "${id}".`, { id });
      reply.code(201).header('location', `/v1/tenants/${id}`);
      return showOne(id);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/tenants',
    config: { scope: 'administrator' },
    schema: {
      operationId: 'listTenants',
      tags,
      summary: 'List tenants by id',
      querystring: configQuery,
      response: { 200: tenantsPage, ...errorAnswers('invalid') },
    },
    handler: async ({ query }) => {
      const { limit = defaultLimit, cursor } = query;
      const rows = await listTenants(sql, limit + 1, cursors.decode(cursor) ?? '');
      return pageOf(rows, limit, cursors, ({ id }) => id, show);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/tenants/:id',
    config: { scope: 'admin' },
    schema: {
      operationId: 'getTenant',
      tags,
      summary: 'Show a tenant; a key sees only its own',
      response: { 200: tenantSchema, ...errorAnswers('not_found') },
    },
    handler: async ({ params, caller }) => {
      const id = pathId(params, 'tenant');
      if (!caller.isAdministrator && id !== caller.tenant) throw notFound('tenant');
      return showOne(id);
    },
  });

  app.route({
    method: 'PUT',
    url: '/v1/tenants/:id',
    config: { scope: 'administrator' },
    preValidation: requireBody,
    schema: {
      operationId: 'putTenant',
      tags,
      summary: 'Create or replace a tenant',
      body: tenantInputSchema,
      response: { 200: tenantSchema, 201: tenantSchema, ...errorAnswers('not_found', ...bodyErrors) },
    },
    handler: async ({ params, body }, reply) => {
      const id = pathId(params, 'tenant');
      requireSameId(id, body.id);
      if ((await write(id, body, true)) === 'created') reply.code(201).header('location', `/v1/tenants/${id}`);
      return showOne(id);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/tenants/:id',
    config: { scope: 'administrator' },
    schema: {
      operationId: 'deleteTenant',
      tags,
      summary: 'Delete a tenant that has no messages and no configuration, together with its keys',
      response: { 204: { type: 'null', description: 'Deleted.' }, ...errorAnswers('not_found', 'in_use') },
    },
    handler: async ({ params }, reply) => {
      const id = pathId(params, 'tenant');
      const outcome = await deleteTenant(sql, id);
      if (outcome === 'not-found') throw notFound('tenant');
      if (outcome === 'in-use') {
        const why =
          id === defaultTenant ? 'The default tenant cannot be deleted.' : `"${id}" has messages or connections.`;
        throw new Problem('in_use', why, { id });
      }
      return reply.code(204).send(null);
    },
  });
}

function show({ createdAt, updatedAt, ...rest }: TenantRow): TenantAnswer {
  return { ...rest, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}
