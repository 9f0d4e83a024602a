import type { FastifyRequest } from 'fastify';
import { messageIdPattern, type MessageId } from '../../domain/ids.ts';
import { acceptDelete, acceptEdit, findStopped, type ChangeResult } from '../../store/accept/changes.ts';
import { newMessageId } from '../../store/db/new-id.ts';
import { canonicalJson } from '../http/canonical-json.ts';
import type { ApiDeps } from '../deps.ts';
import { invalidInput, notFound, Problem } from '../errors.ts';
import { requireBody } from '../http/json-body.ts';
import { readKeyHeader } from '../accept/posted-message.ts';
import type { Api } from '../route.ts';
import { changeHeaders, patchMessageSchema } from '../schemas/change.ts';
import { acceptedSchema } from '../schemas/message.ts';
import { bodyErrors, errorAnswers } from '../schemas/problem.ts';
import { within } from '../limits/time-limit.ts';

const tags = ['messages'];
const keyRequired = {
  path: 'Idempotency-Key',
  code: 'required',
  message: 'is required by this tenant: without a key, a repeated edit would be a second one',
};
/** How long the answer waits until the runs are woken. The sweep wakes them if this fails. */
const wakeLimitMs = 1_000;

/** Routes that edit or delete a message everywhere it went. */
export function changeMessageRoutes(app: Api, { acceptSql, sql, ring, runs, poke }: ApiDeps): void {
  function idOf(request: FastifyRequest): MessageId {
    const { id } = request.params as { id: string };
    if (!messageIdPattern.test(id)) throw notFound('message');
    return id;
  }

  /** Wakes the runs of the deliveries that the delete stopped, and those behind them in their lanes. */
  async function wakeStopped(original: MessageId, request: FastifyRequest): Promise<void> {
    try {
      const stopped = await findStopped(sql, request.caller.tenant, original);
      await within(wakeLimitMs, runs.command('cancel', stopped, request.caller.key));
    } catch (error) {
      request.log.warn({ err: error, message: original }, 'no run was woken; the sweep will do it');
    }
  }

  app.route({
    method: 'PATCH',
    url: '/v1/messages/:id',
    preValidation: [requireBody],
    schema: {
      operationId: 'editMessage',
      tags,
      summary: 'Edit a message everywhere; deliveries that have not gone out yet go out with the new text',
      headers: changeHeaders,
      body: patchMessageSchema,
      response: { 202: acceptedSchema, ...errorAnswers('not_found', 'deleted', 'idempotency_conflict', ...bodyErrors) },
    },
    config: { scope: 'messages:write' },
    handler: async (request, reply) => {
      const { text, content, sender } = request.body;
      if ((text === undefined) === (content === undefined))
        throw invalidInput([{ path: '/text', code: 'required', message: 'or content is required, and not both' }]);
      const id = newMessageId();
      const original = idOf(request);
      const result = await acceptEdit(acceptSql, ring, {
        id,
        tenant: request.caller.tenant,
        original,
        dedupeScope: `api:edit:${original}`,
        dedupeKey: readKeyHeader(request) ?? id,
        canonicalBody: canonicalJson(request.body) ?? '',
        content: content ?? { text: text ?? '' },
        keepsFiles: true,
        sender: sender ?? null,
      });
      return answer(result, reply);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/messages/:id',
    schema: {
      operationId: 'deleteMessage',
      tags,
      summary: 'Delete a message everywhere; deliveries that have not gone out yet never do',
      response: { 202: acceptedSchema, ...errorAnswers('not_found', 'deleted') },
    },
    config: { scope: 'messages:write' },
    handler: async (request, reply) => {
      const id = newMessageId();
      const original = idOf(request);
      // A message can be deleted only once, so its own id is the key. A repeated delete finds the first one.
      const result = await acceptDelete(acceptSql, ring, {
        id,
        tenant: request.caller.tenant,
        original,
        dedupeScope: 'api:delete',
        dedupeKey: original,
        canonicalBody: '{}',
      });
      if (result.outcome === 'accepted') await wakeStopped(original, request);
      return answer(result, reply);
    },
  });

  function answer(
    result: ChangeResult,
    reply: { code(status: number): { header(name: string, value: string): unknown } },
  ) {
    switch (result.outcome) {
      case 'not-found':
        throw notFound('message');
      case 'key-required':
        throw invalidInput([keyRequired]);
      case 'deleted':
        throw new Problem('deleted', 'The message is deleted.');
      case 'is-a-change':
        throw new Problem('deleted', `This message is itself a change of ${result.of}. Change that one.`, {
          id: result.of,
        });
      case 'contended':
        throw new Problem(
          'unavailable',
          'Others are changing the message at the same time. The change was not accepted.',
        );
      case 'conflict':
        throw new Problem('idempotency_conflict', `This key was already used for another change, ${result.id}.`, {
          id: result.id,
        });
      default: {
        const { id, state, deliveries, outcome } = result;
        if (outcome === 'accepted') poke();
        reply.code(202).header('location', `/v1/messages/${id}`);
        return { id, state, duplicate: outcome === 'duplicate', deliveries: [...deliveries] };
      }
    }
  }
}
