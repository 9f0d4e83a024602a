import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../auth/caller.ts';

/**
 * One line a request, when it is answered. The route's pattern, not the URL: a query may name a conversation, and a
 * path anything. Health checks come every few seconds and say nothing new.
 */
export async function logRequest(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const route = request.routeOptions.url ?? 'none';
  const by = (request.caller as Caller | undefined)?.key;
  const line = { method: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime), by };
  if (route === '/healthz' || route === '/readyz') request.log.debug(line, 'answered');
  else request.log.info(line, 'answered');
}
