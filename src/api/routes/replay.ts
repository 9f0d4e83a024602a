import { messageIdPattern, type DestinationId, type TenantId } from '../../domain/ids.ts';
import { newMessageId } from '../../store/db/new-id.ts';
import { acceptReplay, type ReplayResult } from '../../store/accept/replay.ts';
import type { ApiDeps } from '../deps.ts';
import { invalidInput, notFound, Problem, type InputError } from '../errors.ts';
import { requireBody } from '../http/json-body.ts';
import { jobMaker } from '../operate/make-job.ts';
import type { PlanCaches } from '../../store/accept/plan-cache.ts';
import { readKeyHeader } from '../accept/posted-message.ts';
import type { Api } from '../route.ts';
import { changeHeaders } from '../schemas/change.ts';
import { bulkReplayBody, jobSchema, replayBody } from '../schemas/job.ts';
import { acceptedSchema } from '../schemas/message.ts';
import { bodyErrors, errorAnswers } from '../schemas/problem.ts';

const tags = ['messages'];
/** A replay sends what other people wrote to where the caller chooses, so it requires both scopes. */
const config = { scope: 'deliveries:operate', alsoScope: 'messages:write' } as const;

/** Routes that send one or many messages again, each as a new message. */
export function replayRoutes(app: Api, deps: ApiDeps, plans: PlanCaches): void {
  const { acceptSql, ring, poke } = deps;
  const makeJob = jobMaker(deps);

  app.route({
    method: 'POST',
    url: '/v1/messages/:id/replay',
    config,
    schema: {
      operationId: 'replayMessage',
      tags,
      summary: 'Send a message again, as a new one',
      description:
        'The new message has the same envelope and the newest text, and names its original in `replayOf`. It is ' +
        'planned from the current configuration and goes out now.',
      headers: changeHeaders,
      body: replayBody,
      response: {
        202: acceptedSchema,
        ...errorAnswers(
          'not_found',
          'deleted',
          'content_erased',
          'unknown_destination',
          'idempotency_conflict',
          ...bodyErrors,
        ),
      },
    },
    handler: async (request, reply) => {
      const { tenant, key: by } = request.caller;
      const { id: original } = request.params as { id: string };
      if (!messageIdPattern.test(original)) throw notFound('message');
      const { destinations = null, reason } = request.body ?? {};
      const replay = { id: newMessageId(), tenant, original, destinations, key: readKeyHeader(request) };
      const result = await acceptReplay(acceptSql, ring, replay, plans.of(tenant));
      if (!('deliveries' in result)) throw refusal(result, destinations);
      const { id, state, deliveries, outcome } = result;
      request.log.info({ message: id, replayOf: original, by, reason }, 'message replayed');
      if (outcome === 'accepted' && deliveries.length > 0) poke();
      reply.code(202).header('location', `/v1/messages/${id}`);
      return { id, state, duplicate: outcome === 'duplicate', deliveries: [...deliveries] };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/messages/replay',
    config,
    preValidation: [requireBody],
    schema: {
      operationId: 'replayMessages',
      tags: ['jobs'],
      summary: 'Send all matching messages again, each as a new one',
      description:
        'Answers with a job. Messages that were replayed before are left out unless `again` is true. Edits and ' +
        'deletes are not replayed; their original is replayed as it is now.',
      headers: changeHeaders,
      body: bulkReplayBody,
      response: { 202: jobSchema, ...errorAnswers('unknown_destination', 'idempotency_conflict', ...bodyErrors) },
    },
    handler: async (request, reply) => {
      const { destinations = [] } = request.body;
      const unknown = await unknownOf(request.caller.tenant, destinations);
      if (unknown.length > 0) throw invalidInput(unknown.map((one) => unknownDestination(one, destinations)));
      return makeJob(request, reply, 'replay', request.body);
    },
  });

  async function unknownOf(tenant: TenantId, wanted: readonly DestinationId[]): Promise<DestinationId[]> {
    const cache = plans.of(tenant);
    const { destinations } = await cache.current();
    if (wanted.every((one) => destinations.has(one))) return [];
    // Another process may have created the destination a moment ago, so reload the plan once.
    const { destinations: now } = await cache.reload();
    return wanted.filter((one) => !now.has(one));
  }
}

function refusal(
  result: Exclude<ReplayResult, { readonly deliveries: unknown }>,
  wanted: readonly DestinationId[] | null,
): Problem {
  switch (result.outcome) {
    case 'not-found':
      return notFound('message');
    case 'deleted':
      return new Problem('deleted', 'The message is deleted.');
    case 'is-a-change':
      return new Problem(
        'deleted',
        'This message is itself a change of another message. Replay that one.',
        result.of === null ? {} : { id: result.of },
      );
    case 'erased':
      return new Problem(
        'content_erased',
        'The content of the message was erased by age, so there is nothing to send.',
      );
    case 'unknown-destinations':
      return invalidInput(result.destinations.map((one) => unknownDestination(one, wanted)));
    case 'key-required':
      return invalidInput([{ path: 'Idempotency-Key', code: 'required', message: 'is required by this tenant' }]);
    case 'conflict':
      return new Problem('idempotency_conflict', `This key was already used for another replay, ${result.id}.`, {
        id: result.id,
      });
    case 'contended':
      return new Problem('unavailable', 'The configuration changes too fast. The replay was not accepted.');
  }
}

/** When the caller named no destinations, those of the original are gone, and the error asks for others. */
function unknownDestination(id: DestinationId, wanted: readonly DestinationId[] | null): InputError {
  const name = JSON.stringify(id.slice(0, 100));
  return {
    path: wanted === null ? '/destinations' : `/destinations/${wanted.indexOf(id)}`,
    code: 'unknown_destination',
    message:
      wanted === null
        ? `must be given: the original went to ${name}, which is gone`
        : `names a destination that does not exist: ${name}`,
  };
}
