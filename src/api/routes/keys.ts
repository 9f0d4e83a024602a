import { apiKeyIdPattern, type ApiKeyId, type TenantId } from '../../domain/ids.ts';
import { createKey, findKey, listKeys, revokeKey, type ApiKeyRow } from '../../store/config/api-keys.ts';
import { newApiKeyId } from '../../store/db/new-id.ts';
import { hashKey, newApiKey } from '../auth/api-key.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { invalidInput, notFound } from '../errors.ts';
import { instantRange, readInstant } from '../http/instant.ts';
import { requireBody } from '../http/json-body.ts';
import type { Api } from '../route.ts';
import { configQuery } from '../schemas/connection.ts';
import { keyInputSchema, keySchema, keysPage, newKeySchema, type KeyAnswer } from '../schemas/key.ts';
import { defaultLimit } from '../schemas/list.ts';
import { bodyErrors, errorAnswers } from '../schemas/problem.ts';

const tags = ['keys'];
const cursors = cursorsOf('keys', apiKeyIdPattern);

/** Routes that create, list, show and revoke the keys of the caller's tenant. */
export function keyRoutes(app: Api, { sql }: ApiDeps): void {
  app.route({
    method: 'POST',
    url: '/v1/keys',
    config: { scope: 'admin' },
    preValidation: requireBody,
    schema: {
      operationId: 'createKey',
      tags,
      summary: 'Create a key; only this answer shows the key itself',
      body: keyInputSchema,
      response: { 201: newKeySchema, ...errorAnswers(...bodyErrors) },
    },
    handler: async ({ body, caller: { tenant } }, reply) => {
      const { name, scopes } = body;
      const expiresAt = body.expiresAt === undefined ? null : readInstant(body.expiresAt);
      if (expiresAt === undefined) throw invalidExpiry(instantRange);
      const id = newApiKeyId();
      const key = newApiKey();
      const row = await createKey(sql, { id, tenant, name, hash: hashKey(key), scopes, expiresAt });
      if (row === 'no-tenant') throw notFound('tenant');
      if (row === 'expired') throw invalidExpiry('must be in the future');
      // No cache on the way to the caller may store the key.
      reply.code(201).header('location', `/v1/keys/${id}`).header('cache-control', 'no-store');
      return { ...show(tenant, row), key };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/keys',
    config: { scope: 'admin' },
    schema: {
      operationId: 'listKeys',
      tags,
      summary: 'List keys, newest first, including revoked and expired ones',
      querystring: configQuery,
      response: { 200: keysPage, ...errorAnswers('invalid') },
    },
    handler: async ({ query, caller: { tenant } }) => {
      const { limit = defaultLimit, cursor } = query;
      const rows = await listKeys(sql, tenant, limit + 1, cursors.decode(cursor));
      return pageOf(
        rows,
        limit,
        cursors,
        ({ id }) => id,
        (row) => show(tenant, row),
      );
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/keys/:id',
    config: { scope: 'admin' },
    schema: {
      operationId: 'getKey',
      tags,
      summary: 'Show a key, without the key itself',
      response: { 200: keySchema, ...errorAnswers('not_found') },
    },
    handler: async ({ params, caller: { tenant } }) => {
      const row = await findKey(sql, tenant, idOf(params));
      if (row === undefined) throw notFound('key');
      return show(tenant, row);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/keys/:id',
    config: { scope: 'admin' },
    schema: {
      operationId: 'revokeKey',
      tags,
      summary: 'Revoke a key for good; it may still be accepted for 5 s',
      response: { 204: { type: 'null', description: 'Revoked.' }, ...errorAnswers('not_found') },
    },
    handler: async ({ params, caller: { tenant } }, reply) => {
      if (!(await revokeKey(sql, tenant, idOf(params)))) throw notFound('key');
      return reply.code(204).send(null);
    },
  });
}

/** @throws Problem 404, also when the id is not valid. */
function idOf(params: unknown): ApiKeyId {
  const { id } = params as { id: string };
  if (!apiKeyIdPattern.test(id)) throw notFound('key');
  return id;
}

const invalidExpiry = (message: string) => invalidInput([{ path: '/expiresAt', code: 'invalid_value', message }]);

function show(tenant: TenantId, { expiresAt, revokedAt, lastUsedAt, createdAt, ...rest }: ApiKeyRow): KeyAnswer {
  return {
    ...rest,
    tenant,
    scopes: [...rest.scopes],
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
  };
}
