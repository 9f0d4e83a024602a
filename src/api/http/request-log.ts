import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../auth/caller.ts';

/**
 * Logs one line for each answered request. It has the route's pattern and not the URL, because a path or query may
 * contain private data. Health checks are logged at debug level, because they come every few seconds.
 */
export async function logRequest(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const route = request.routeOptions.url ?? 'none';
  const by = (request.caller as Caller | undefined)?.key;
  const line = { method: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime), by };
  if (route === '/healthz' || route === '/readyz') request.log.debug(line, 'answered');
  else request.log.info(line, 'answered');
}
