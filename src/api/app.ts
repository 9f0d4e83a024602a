import fastify, { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { randomUUID } from 'node:crypto';
import { authenticator, authorize, requireScopes } from './auth/auth.ts';
import { replyToBrokenRequest } from './http/broken-request.ts';
import type { ApiDeps } from './deps.ts';
import { notFound, Problem } from './errors.ts';
import { callerFinder } from './auth/find-caller.ts';
import { acceptJson, bodyLimit } from './http/json-body.ts';
import { documentApi } from './openapi.ts';
import { createPlanCaches } from '../store/accept/plan-cache.ts';
import { replyWithProblem } from './http/problem-reply.ts';
import type { Api } from './route.ts';
import { bridgeRoutes } from './routes/bridges.ts';
import { changeMessageRoutes } from './routes/change-message.ts';
import { connectionRoutes } from './routes/connections.ts';
import { deliveryRoutes } from './routes/deliveries.ts';
import { destinationRoutes } from './routes/destinations.ts';
import { eventRoutes } from './routes/events.ts';
import { gapRoutes } from './routes/gaps.ts';
import { healthRoutes } from './routes/health.ts';
import { hookRoutes } from './routes/hooks.ts';
import { housekeepingRoutes } from './routes/housekeeping.ts';
import { identityRoutes } from './routes/identities.ts';
import { inboxRoutes } from './routes/inbox.ts';
import { jobRoutes } from './routes/jobs.ts';
import { keyRoutes } from './routes/keys.ts';
import { messageRoutes } from './routes/messages.ts';
import { postMessageRoute } from './routes/post-message.ts';
import { quarantineRoutes } from './routes/quarantine.ts';
import { reasonRoutes } from './routes/reasons.ts';
import { replayRoutes } from './routes/replay.ts';
import { gateHealthRoutes } from './routes/gate-health.ts';
import { subscriptionRoutes } from './routes/subscriptions.ts';
import { tenantRoutes } from './routes/tenants.ts';
import { logRequest } from './http/request-log.ts';
import { validatorCompiler } from './http/validation.ts';

/** A request, including its body, must arrive within this time. */
const requestTimeoutMs = 30_000;
/** A socket without traffic is closed after this time. Longer than the request's limit, so a slow body gets its 408. */
const connectionTimeoutMs = 60_000;
/** Longer than the usual 60 s of load balancers, so that they do not reuse a connection that we are closing. */
const keepAliveTimeoutMs = 72_000;
/** The time limit of a handler. When PostgreSQL hangs, the callers of the API must not hang with it. */
const handlerTimeoutMs = 5_000;

/** Builds the HTTP API without listening. All hooks and routes are registered here, in the order in which they run. */
export function buildApi(deps: ApiDeps): Api {
  const authenticate = authenticator(callerFinder(deps));
  const app: Api = fastify({
    loggerInstance: deps.logger,
    genReqId: () => randomUUID(),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: connectionTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    handlerTimeout: handlerTimeoutMs,
    // Requests on open connections are still answered while the server closes.
    return503OnClosing: false,
    // Ids have at most 64 characters. A longer one gets a 404.
    routerOptions: { maxParamLength: 200 },
    clientErrorHandler: replyToBrokenRequest,
    // No hook runs for a path that the router refuses, so the key is checked here. Without a valid key the answer is a
    // 401.
    frameworkErrors: (error, request, reply) => {
      authenticate(request as FastifyRequest, reply as FastifyReply).then(
        () => replyWithProblem(error, request as FastifyRequest, reply as FastifyReply),
        (refusal: unknown) => replyWithProblem(refusal, request as FastifyRequest, reply as FastifyReply),
      );
    },
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  // Answers are sent unchanged. A serializer made from the schema would drop fields that the schema lacks.
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler((error, request, reply) => replyWithProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) => replyWithProblem(notFound('path'), request, reply));
  acceptJson(app, ['application/json']);

  app.decorateRequest('caller');
  requireScopes(app);
  // The order of the checks is 401, 403, 415, 413, 400, 422. Fastify itself makes the checks for 415, 413 and 400.
  app.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id));
  app.addHook('onRequest', authenticate);
  app.addHook('onRequest', authorize);
  app.addHook('onRequest', refuseEncodedBody);
  app.addHook('onResponse', logRequest);

  // An answer that is sent during a close tells the client that the connection ends. Otherwise the close would wait
  // until the connection is idle.
  let isClosing = false;
  app.addHook('preClose', async () => void (isClosing = true));
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });

  documentApi(app);
  const plans = createPlanCaches(deps.acceptSql);
  void app.register(async (routes: Api) => {
    healthRoutes(routes, deps);
    messageRoutes(routes, deps);
    changeMessageRoutes(routes, deps);
    gateHealthRoutes(routes, deps);
    deliveryRoutes(routes, deps);
    reasonRoutes(routes);
    bridgeRoutes(routes, deps);
    connectionRoutes(routes, deps);
    destinationRoutes(routes, deps);
    eventRoutes(routes, deps);
    tenantRoutes(routes, deps);
    keyRoutes(routes, deps);
    gapRoutes(routes, deps);
    subscriptionRoutes(routes, deps);
    housekeepingRoutes(routes, deps);
    identityRoutes(routes, deps);
    jobRoutes(routes, deps);
    inboxRoutes(routes, deps);
    quarantineRoutes(routes, deps);
    replayRoutes(routes, deps, plans);
  });
  void app.register(async (routes: Api) => postMessageRoute(routes, deps, plans));
  void app.register(async (routes: Api) => hookRoutes(routes, deps));
  return app;
}

async function refuseEncodedBody({ headers }: FastifyRequest): Promise<void> {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new Problem('unsupported_media_type', 'Send the body without a content encoding.');
}
