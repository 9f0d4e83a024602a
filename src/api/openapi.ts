import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifySchema } from 'fastify';
import type { Scope } from '../domain/scope.ts';
import type { RouteScope } from './auth/caller.ts';
import { structuredType } from './accept/cloud-event.ts';
import { problems } from './errors.ts';
import type { Api } from './route.ts';
import { cloudEventSchema } from './schemas/cloud-event.ts';

const info = {
  title: 'Carillon',
  version: '1',
  description:
    'Accepts a message once, delivers it to every destination, and always says where it is.\n\n' +
    'Errors are `application/problem+json` (RFC 9457). Decide by `code`, which is stable. The checks are made in ' +
    'the order 401, 403, 415, 413, 400, 422. A 503 means *unknown*: the request may have taken ' +
    'effect. Send the same request again, with the same key.\n\n' +
    'A key belongs to a tenant and sees nothing of any other. `x-carillon-scope` names the scope that an operation ' +
    'requires, and `x-carillon-also-scope` a second one; `admin` allows everything in its tenant. The ' +
    'administrator’s key works in the tenant `default`, or in the one that the header `carillon-tenant` names.',
} as const;

const tags = [
  { name: 'messages', description: 'Messages that are to be delivered.' },
  { name: 'deliveries', description: 'One message to one destination.' },
  { name: 'jobs', description: 'Operations on many messages or deliveries at once.' },
  { name: 'events', description: 'Changes of state, as they happen.' },
  { name: 'housekeeping', description: 'Reports of what was removed by age.' },
  { name: 'hooks', description: 'Endpoints that platforms call, and what arrives there.' },
  { name: 'quarantine', description: 'Requests of platforms that were not understood.' },
  { name: 'bridges', description: 'Rooms that are kept in sync.' },
  { name: 'identities', description: 'The accounts of one person on several platforms.' },
  { name: 'connections', description: 'Accounts on platforms.' },
  { name: 'destinations', description: 'Addresses that are reached through a connection.' },
  { name: 'tenants', description: 'Each tenant owns its data, configuration and keys.' },
  { name: 'keys', description: 'API keys. Each belongs to one tenant.' },
  { name: 'health', description: 'Health checks for load balancers and supervisors.' },
];

/** Serves OpenAPI 3.1 at `/openapi.json`, made from the schemas that check requests, and a page for it at `/docs`. */
export function documentApi(app: Api): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info,
      tags,
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
    transform: ({ schema, url, route }) => ({ schema: withScope(schema, route.config ?? {}), url }),
    transformObject: (document) => {
      if (!('openapiObject' in document)) throw new Error('the document is not OpenAPI 3');
      return finish(document.openapiObject as Document) as typeof document.openapiObject;
    },
  });
  void app.register(async (routes) => {
    routes.addHook('onRoute', (route) => void (route.config = { ...route.config, scope: 'open' }));
    void routes.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: true,
      uiConfig: { persistAuthorization: true },
    });
    routes.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  });
}

/** Adds a route's scope to its part of the document. */
function withScope(
  schema: FastifySchema | undefined,
  { scope, alsoScope }: { scope?: RouteScope; alsoScope?: Scope },
): FastifySchema {
  if (schema === undefined || scope === undefined || scope === 'open') return schema ?? {};
  const response = schema.response as Record<string, object>;
  const scopes = alsoScope === undefined ? `the scope \`${scope}\`` : `the scopes \`${scope}\` and \`${alsoScope}\``;
  const wants = scope === 'administrator' ? "Requires the administrator's key." : `Requires ${scopes}.`;
  const forbidden = { ...response[403], description: `\`forbidden\`: ${problems.forbidden.title}. ${wants}` };
  const needs = {
    'x-carillon-scope': scope,
    ...(alsoScope === undefined ? {} : { 'x-carillon-also-scope': alsoScope }),
  };
  return { ...schema, response: { ...response, 403: forbidden }, ...needs } as FastifySchema;
}

interface Operation {
  requestBody?: { required?: boolean; content: Record<string, { schema: object & { title?: string } }> };
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas?: Record<string, unknown> };
}

/** Adds what the schemas of single routes cannot express. */
function finish(document: Document): Document {
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    const { requestBody } = operation;
    const title = requestBody?.content['application/json']?.schema.title;
    if (requestBody !== undefined && (title === 'Command' || title === 'Replay')) requestBody.required = false;
    if (requestBody !== undefined && title === 'PostMessage')
      requestBody.content[structuredType] = { schema: { ...cloudEventSchema } };
  }
  const schemas: Record<string, unknown> = {};
  const paths = Object.fromEntries(Object.entries(document.paths).map(([path, item]) => [path, hoist(item, schemas)]));
  return { ...document, paths: paths as Document['paths'], components: { ...document.components, schemas } };
}

/** Moves each schema with a title to the components, under that name. Generated clients use these names. */
function hoist(value: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => hoist(item, schemas));
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hoist(item, schemas)]));
  const { title } = value as { title?: unknown };
  if (typeof title !== 'string') return copy;
  schemas[title] = copy;
  return { $ref: `#/components/schemas/${title}` };
}
