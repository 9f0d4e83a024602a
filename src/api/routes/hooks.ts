import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HookAnswer, HookRequest, Received } from '../../connectors/contract/inbound.ts';
import { createReceive } from '../../store/inbound/inbox.ts';
import { askForSubscriptions } from '../../store/inbound/subscription-checks.ts';
import type { ApiDeps } from '../deps.ts';
import { notFound, Problem } from '../errors.ts';
import { findHook, type Hook } from '../hooks/find-hook.ts';
import { arrivalsOf } from '../hooks/hook-arrivals.ts';
import { bodyLimit as usualLimit } from '../http/json-body.ts';
import type { Api } from '../route.ts';
import { sharedLimit } from '../limits/time-limit.ts';

/**
 * The time limit for everything before the answer. Slack, Zoom and Graph wait 3 s, and the other platforms longer,
 * according to their documentation of webhooks.
 */
const limitMs = 2_500;

/** No platform sends more in one request: a transaction of Matrix has up to a hundred events of 64 KiB. */
const largest = 8 * 1_024 * 1_024;

/**
 * The routes that platforms call. They have their own Fastify context, in which bodies stay bytes, because signatures
 * are computed from bytes.
 */
export async function hookRoutes(app: Api, deps: ApiDeps): Promise<void> {
  const { acceptSql, ring, keys, logger, pokeInbox } = deps;
  const find = findHook(deps);
  const receive = createReceive(acceptSql, ring);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: largest }, (_request, body, done) => done(null, body));

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { connection: id } = request.params as { connection: string };
    const inTime = sharedLimit(limitMs);
    const hook = await inTime(find(id));
    if (hook === undefined) throw notFound('path');
    const { inbound, tenant, connection } = hook;
    if (Buffer.isBuffer(request.body) && request.body.length > (inbound.maxBodyBytes ?? usualLimit))
      throw new Problem('body_too_large', 'This platform sends no bodies of this size.');
    let received: Received;
    try {
      const asked = hookRequest(request, id);
      const now = new Date();
      received = await inTime(Promise.resolve(inbound.receive(asked, connection, { now, keys })));
      const arrivals = arrivalsOf(received, asked, now);
      if (arrivals.length > 0) {
        const fresh = await inTime(receive({ tenant, connection: connection.id, arrivals }));
        if (fresh > 0) pokeInbox();
        logger.debug({ connection: connection.id, events: arrivals.length, fresh }, 'hook: stored');
      }
      if (received.kind === 'events' && received.wantsLook === true)
        await inTime(askForSubscriptions(acceptSql, { tenant, connection: connection.id }, received.missedSince));
    } catch (error) {
      // Whatever the error was, the platform must send the request again, because it may not have been stored.
      request.log.warn({ err: error, connection: connection.id }, 'hook: not stored');
      return send(reply, inbound.unavailable);
    }
    note(request, hook, received);
    return send(reply, received.answer);
  }

  app.route({
    method: 'POST',
    url: '/hooks/:connection',
    config: { scope: 'open' },
    bodyLimit: largest,
    schema: {
      operationId: 'receiveEvent',
      tags: ['hooks'],
      summary: 'Receive events from a platform, in the form that the platform uses',
      security: [],
    },
    handler: handle,
  });
  // Some platforms also use other methods, and append more to the path.
  const hidden = { bodyLimit: largest, config: { scope: 'open' }, schema: { hide: true }, handler: handle } as const;
  app.route({ method: ['GET', 'PUT'], url: '/hooks/:connection', ...hidden });
  app.route({ method: ['GET', 'POST', 'PUT'], url: '/hooks/:connection/*', ...hidden });
}

/** Logs why a request was refused or not understood. The sender is told nothing, but the operator must see it. */
function note(request: FastifyRequest, { connection }: Hook, received: Received): void {
  const { id } = connection;
  if (received.kind === 'refused')
    request.log.warn({ connection: id, code: received.code, reason: received.message }, 'hook: refused');
  if (received.kind === 'unreadable')
    request.log.warn(
      { connection: id, reason: received.message },
      'hook: not understood; the request is in quarantine',
    );
}

function hookRequest(request: FastifyRequest, connection: string): HookRequest {
  const [path = '', query = ''] = request.raw.url?.split('?', 2) ?? [];
  return {
    method: request.method,
    path: path.slice(`/hooks/${connection}`.length),
    query: new URLSearchParams(query),
    headers: request.headers as Record<string, string | undefined>,
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
  };
}

function send(reply: FastifyReply, { status, headers = {}, body }: HookAnswer): FastifyReply {
  reply.code(status).headers(headers);
  if (typeof body === 'object') return reply.type('application/json; charset=utf-8').send(JSON.stringify(body));
  return reply.send(body ?? '');
}
