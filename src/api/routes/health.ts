import { isWritable, isAnyWorkerAlive } from '../../store/runs/workers.ts';
import type { ApiDeps } from '../deps.ts';
import { reasonOf, retryAfterSeconds } from '../http/problem-reply.ts';
import type { Api } from '../route.ts';
import { aliveSchema, readySchema } from '../schemas/health.ts';
import { within } from '../limits/time-limit.ts';

const tags = ['health'];
/** The time limit of one check, in milliseconds. A load balancer needs the answer soon. */
const checkLimitMs = 1_000;
/** A worker counts as alive for this long after its last heartbeat. It sends one every 5 s. */
const workerSeconds = 15;

/** Routes for load balancers and supervisors. They need no key. */
export function healthRoutes(app: Api, { sql, acceptSql, runs, logger }: ApiDeps): void {
  /**
   * Makes a check that is false when it fails or takes too long. One that is under way also serves the next request.
   */
  function check(name: string, ask: () => Promise<boolean>): () => Promise<boolean> {
    let pending: Promise<boolean> | undefined;
    return async () => {
      pending ??= ask().finally(() => (pending = undefined));
      try {
        return await within(checkLimitMs, pending);
      } catch (error) {
        logger.debug({ check: name, reason: reasonOf(error) }, 'not ready');
        return false;
      }
    };
  }
  const postgres = check('postgres', () => isWritable(acceptSql));
  const worker = check('worker', () => isAnyWorkerAlive(sql, workerSeconds));
  const temporal = check('temporal', () => runs.isReachable());
  const condition = (isOk: boolean): 'ok' | 'down' => (isOk ? 'ok' : 'down');

  app.route({
    method: 'GET',
    url: '/healthz',
    config: { scope: 'open' },
    schema: {
      operationId: 'isAlive',
      tags,
      summary: 'Check whether this process is alive',
      security: [],
      response: { 200: aliveSchema },
    },
    handler: async () => ({ status: 'ok' as const }),
  });

  app.route({
    method: 'GET',
    url: '/readyz',
    config: { scope: 'open' },
    schema: {
      operationId: 'isReady',
      tags,
      summary: 'Check whether messages are accepted and delivered',
      security: [],
      response: {
        200: readySchema,
        503: { description: 'Messages cannot be accepted.', content: { 'application/json': { schema: readySchema } } },
      },
    },
    handler: async (_request, reply) => {
      const [isStoring, isDelivering, isRunning] = await Promise.all([postgres(), worker(), temporal()]);
      if (!isStoring) reply.code(503).header('retry-after', retryAfterSeconds);
      return {
        accept: condition(isStoring),
        delivery: condition(isStoring && isDelivering && isRunning),
        postgres: condition(isStoring),
        temporal: condition(isRunning),
      };
    },
  });
}
