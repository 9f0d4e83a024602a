import { Type } from 'typebox';
import { messageAcceptor } from '../accept/accept-message.ts';
import { structuredType } from '../accept/cloud-event.ts';
import type { ApiDeps } from '../deps.ts';
import { acceptJson } from '../http/json-body.ts';
import type { PlanCaches } from '../../store/accept/plan-cache.ts';
import { readPostedMessage } from '../accept/posted-message.ts';
import type { Api } from '../route.ts';
import { acceptedSchema, keyPattern, postMessageSchema } from '../schemas/message.ts';
import { bodyErrors, errorAnswers } from '../schemas/problem.ts';

/** A body of 1 MiB may take long to arrive. Accepting it has its own, shorter limit. */
const handlerTimeoutMs = 60_000;

/** The route that accepts messages. It has its own Fastify context, because only this route takes CloudEvents. */
export async function postMessageRoute(app: Api, deps: ApiDeps, plans: PlanCaches): Promise<void> {
  acceptJson(app, ['application/json', structuredType]);
  const acceptMessage = messageAcceptor(deps, plans);

  app.route({
    method: 'POST',
    url: '/v1/messages',
    config: { scope: 'messages:write' },
    schema: {
      operationId: 'postMessage',
      tags: ['messages'],
      summary: 'Accept a message',
      description:
        'Answers when the message is stored, without waiting for its delivery. The same key with the same body (in ' +
        'its RFC 8785 form, without `id`) answers with the current state of the first message; with another body it ' +
        'is a 409. Keys are kept for 7 days, and longer while a delivery of their message is not final.',
      headers: Type.Object({
        'idempotency-key': Type.Optional(
          Type.String({
            pattern: keyPattern,
            description: 'The same for each repetition. It may be given as `id` in the body instead.',
          }),
        ),
      }),
      body: postMessageSchema,
      response: {
        202: {
          ...acceptedSchema,
          description: 'Stored. It is delivered even if this process dies now.',
          headers: { location: { type: 'string', description: 'The path of the message.' } },
        },
        ...errorAnswers(
          'idempotency_conflict',
          'not_yet_supported',
          'unknown_destination',
          'unknown_message',
          ...bodyErrors,
        ),
      },
    },
    handlerTimeout: handlerTimeoutMs,
    // The handler validates the body itself, because a CloudEvent must be translated first.
    validatorCompiler: () => () => true,
    handler: async (request, reply) => {
      const { outcome, id, state, deliveries } = await acceptMessage(request.caller.tenant, readPostedMessage(request));
      if (outcome === 'accepted' && deliveries.length > 0) deps.poke();
      reply.code(202).header('location', `/v1/messages/${id}`);
      return { id, state, duplicate: outcome === 'duplicate', deliveries: [...deliveries] };
    },
  });
}
