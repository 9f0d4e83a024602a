import { chosenId, type TenantId } from '../../domain/ids.ts';
import { findConnection } from '../../store/config/connections.ts';
import {
  deleteIdentity,
  findIdentity,
  listIdentities,
  writeIdentity,
  type IdentityRow,
} from '../../store/people/identities.ts';
import { pathId, requireSameId } from '../http/config-id.ts';
import { cursorsOf, pageOf } from '../http/cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { invalidInput, notFound, type InputError } from '../errors.ts';
import { requireBody } from '../http/json-body.ts';
import type { Api } from '../route.ts';
import { configQuery } from '../schemas/connection.ts';
import { identitiesPage, identityInputSchema, identitySchema, type IdentityAnswer } from '../schemas/identity.ts';
import { defaultLimit } from '../schemas/list.ts';
import { bodyErrors, errorAnswers } from '../schemas/problem.ts';

const tags = ['identities'];
const config = { scope: 'config:write' } as const;
const cursors = cursorsOf('identities', chosenId);

/** Routes for identities: which accounts belong to one person, where email addresses do not tell. */
export function identityRoutes(app: Api, { sql }: ApiDeps): void {
  async function findErrors(tenant: TenantId, accounts: IdentityAnswer['accounts']): Promise<InputError[]> {
    const errors: InputError[] = [];
    for (const [index, { connection }] of accounts.entries()) {
      if (chosenId.test(connection) && (await findConnection(sql, tenant, connection)) !== undefined) continue;
      const message = `names a connection that does not exist: ${JSON.stringify(connection.slice(0, 100))}`;
      errors.push({ path: `/accounts/${index}/connection`, code: 'unknown_connection', message });
    }
    return errors;
  }

  app.route({
    method: 'GET',
    url: '/v1/identities',
    config,
    schema: {
      operationId: 'listIdentities',
      tags,
      summary: 'List identities by id',
      querystring: configQuery,
      response: { 200: identitiesPage, ...errorAnswers('invalid') },
    },
    handler: async ({ query, caller: { tenant } }) => {
      const { limit = defaultLimit, cursor } = query;
      const rows = await listIdentities(sql, tenant, limit + 1, cursors.decode(cursor) ?? '');
      return pageOf(rows, limit, cursors, ({ id }) => id, show);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/identities/:id',
    config,
    schema: {
      operationId: 'getIdentity',
      tags,
      summary: 'Show an identity',
      response: { 200: identitySchema, ...errorAnswers('not_found') },
    },
    handler: async ({ params, caller: { tenant } }) => {
      const row = await findIdentity(sql, tenant, pathId(params, 'identity'));
      if (row === undefined) throw notFound('identity');
      return show(row);
    },
  });

  app.route({
    method: 'PUT',
    url: '/v1/identities/:id',
    config,
    preValidation: requireBody,
    schema: {
      operationId: 'putIdentity',
      tags,
      summary: 'Create or replace an identity, which takes precedence over email addresses',
      body: identityInputSchema,
      response: {
        200: identitySchema,
        201: identitySchema,
        ...errorAnswers('not_found', 'unknown_connection', ...bodyErrors),
      },
    },
    handler: async ({ params, body, caller: { tenant } }, reply) => {
      const id = pathId(params, 'identity');
      requireSameId(id, body.id);
      const errors = await findErrors(tenant, body.accounts);
      if (errors.length > 0) throw invalidInput(errors);
      const result = await writeIdentity(sql, tenant, { id, name: body.name ?? null, accounts: body.accounts });
      if ('taken' in result) {
        const index = body.accounts.findIndex(({ connection, person }) =>
          result.taken.some((one) => one.connection === connection && one.person === person),
        );
        throw invalidInput([
          { path: `/accounts/${index}`, code: 'invalid_value', message: 'belongs to another identity' },
        ]);
      }
      if (result.outcome === 'created') reply.code(201).header('location', `/v1/identities/${id}`);
      const row = await findIdentity(sql, tenant, id);
      if (row === undefined) throw notFound('identity');
      return show(row);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/identities/:id',
    config,
    schema: {
      operationId: 'deleteIdentity',
      tags,
      summary: 'Delete an identity; email addresses decide again',
      response: { 204: { type: 'null', description: 'Deleted.' }, ...errorAnswers('not_found') },
    },
    handler: async ({ params, caller: { tenant } }, reply) => {
      if (!(await deleteIdentity(sql, tenant, pathId(params, 'identity')))) throw notFound('identity');
      return reply.code(204).send(null);
    },
  });
}

function show({ id, name, accounts, createdAt, updatedAt }: IdentityRow): IdentityAnswer {
  return {
    id,
    ...(name === null ? {} : { name }),
    accounts: [...accounts],
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
