import type { FastifyReply, FastifyRequest } from 'fastify';
import { covers } from '../../domain/scope.ts';
import type { Caller, RouteScope } from './caller.ts';
import { Problem } from '../errors.ts';
import type { FindCaller } from './find-caller.ts';
import type { Api } from '../route.ts';

export type Authenticate = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/**
 * Returns the hook that finds the caller of a request before anything else is done. An unknown path needs a key too, so
 * that a client without one cannot find out which paths exist.
 * @throws Problem 401 without a valid key. 403, 404 and 503 as `FindCaller`.
 */
export function authenticator(findCaller: FindCaller): Authenticate {
  return async (request, reply) => {
    if (scopeOf(request) === 'open') return;
    const token = /^Bearer +([^\s]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    const caller =
      token === undefined
        ? undefined
        : await findCaller(token, request.headers['carillon-tenant'] as string | undefined);
    if (caller !== undefined) {
      request.caller = caller;
      return;
    }
    reply.header('www-authenticate', token === undefined ? 'Bearer' : 'Bearer error="invalid_token"');
    const detail = token === undefined ? 'Send the key as "Authorization: Bearer <key>".' : 'This key is not valid.';
    throw new Problem('unauthorized', detail);
  };
}

/**
 * Checks, after authentication, that the caller may use the route. An unknown path passes and later gets its 404.
 * @throws Problem 403.
 */
export async function authorize(request: FastifyRequest): Promise<void> {
  const scope = scopeOf(request);
  if (scope !== undefined && scope !== 'open') requireScope(request.caller, scope);
  const also = request.routeOptions.config?.alsoScope;
  if (also !== undefined) requireScope(request.caller, also);
}

function requireScope(caller: Caller, scope: Exclude<RouteScope, 'open'>): void {
  if (caller.isAdministrator) return;
  if (scope === 'administrator') throw new Problem('forbidden', "Only the administrator's key may do this.");
  if (!covers(caller.scopes, scope)) throw new Problem('forbidden', `This key does not have the scope "${scope}".`);
}

function scopeOf({ routeOptions }: FastifyRequest): RouteScope | undefined {
  // There is no route for a path that the router refused.
  return (routeOptions.config as { scope?: RouteScope } | undefined)?.scope;
}

/** Makes the server refuse to start if any route declares no scope. Call it before any route is added. */
export function requireScopes(app: Api): void {
  const routes: { url: string; method: string | string[]; config?: { scope?: RouteScope } }[] = [];
  app.addHook('onRoute', (route) => void routes.push(route));
  app.addHook('onReady', async () => {
    const lacking = routes.find(({ config }) => config?.scope === undefined);
    if (lacking !== undefined) throw new Error(`${lacking.method.toString()} ${lacking.url} declares no scope`);
  });
}
