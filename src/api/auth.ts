import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from './errors.ts';

const openRoutes = new Set(['/healthz', '/readyz', '/openapi.json']);

/** Whether a route needs no key. All others do, unknown ones too, so nobody without a key learns which there are. */
function isOpen(route: string | undefined): boolean {
  return route !== undefined && (openRoutes.has(route) || route === '/docs' || route.startsWith('/docs/'));
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

export type Authenticate = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/**
 * Runs before anything else looks at the request. Compares hashes, because they have one length and
 * `timingSafeEqual` wants that.
 */
export function authenticator(adminKey: string): Authenticate {
  const wanted = sha256(adminKey);
  return async (request, reply) => {
    if (isOpen(request.routeOptions.url)) return;
    const token = /^Bearer +([^\s]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token !== undefined && timingSafeEqual(sha256(token), wanted)) return;
    reply.header('www-authenticate', token === undefined ? 'Bearer' : 'Bearer error="invalid_token"');
    const detail = token === undefined ? 'Send the key as "Authorization: Bearer <key>".' : 'This key is not valid.';
    throw new Problem('unauthorized', detail);
  };
}

/** Who a wish is from, until there are keys with names. */
export const administrator = 'admin';
