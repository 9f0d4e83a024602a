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
import { replayRoutes } from './routes/replay.ts';
import { gateHealthRoutes } from './routes/gate-health.ts';
import { subscriptionRoutes } from './routes/subscriptions.ts';
import { tenantRoutes } from './routes/tenants.ts';
import { logRequest } from './http/request-log.ts';
import { validatorCompiler } from './http/validation.ts';

/** All of a request, its body included, must arrive within this. */
const requestTimeoutMs = 30_000;
/** A socket on which nothing moves. Above the request's, so that a slow body gets its 408. */
const connectionTimeoutMs = 60_000;
/** Longer than the usual 60 s of load balancers: they must not reuse a connection that we close at that moment. */
const keepAliveTimeoutMs = 72_000;
/** A route's answer; behind it PostgreSQL hangs, and its callers should not hang with it. */
const handlerTimeoutMs = 5_000;

/** The HTTP API, complete but not listening. Everything is registered here, in the order in which it works. */
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
    // Requests on open connections are finished during a close.
    return503OnClosing: false,
    // Ids have 64 characters at most; a longer one is just not there.
    routerOptions: { maxParamLength: 200 },
    clientErrorHandler: replyToBrokenRequest,
    // Paths that the router refuses reach no hook, and the key comes first there too.
    frameworkErrors: (error, request, reply) => {
      authenticate(request as FastifyRequest, reply as FastifyReply).then(
        () => replyWithProblem(error, request as FastifyRequest, reply as FastifyReply),
        (refusal: unknown) => replyWithProblem(refusal, request as FastifyRequest, reply as FastifyReply),
      );
    },
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  // Answers are written as they are: a serializer made from the schema would drop what the schema forgot.
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler((error, request, reply) => replyWithProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) => replyWithProblem(notFound('path'), request, reply));
  acceptJson(app, ['application/json']);

  app.decorateRequest('caller');
  requireScopes(app);
  // In the order of design §5: 401, 403, 415, 413, 400, 422. Fastify itself does the three in the middle.
  app.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id));
  app.addHook('onRequest', authenticate);
  app.addHook('onRequest', authorize);
  app.addHook('onRequest', refuseEncodedBody);
  app.addHook('onResponse', logRequest);

  // Who is answered during a close is told that the connection ends, else the close waits for it to fall idle.
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
