import type { FastifyInstance } from 'fastify';
import { ControlError, controlBody } from './control-body.ts';
import { readAction } from './rooms.ts';
import { take, type Mounted } from './serve.ts';

interface Params {
  Params: { name: string };
  Querystring: Record<string, string>;
}

export class NotFound extends Error {
  override name = 'NotFound';
}

/** @throws ControlError */
export function json(body: unknown): unknown {
  try {
    return JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '');
  } catch (cause) {
    throw new ControlError('', `is not JSON: ${(cause as Error).message}`);
  }
}

/**
 * `minutesAgo` of an act: the platform's clock stood there when it was done, so that a test need not wait for half an hour.
 * @throws ControlError
 */
function minutesAgo(body: unknown): number {
  const { minutesAgo: given = 0 } = controlBody(body);
  if (typeof given !== 'number' || !(given >= 0))
    throw new ControlError('/minutesAgo', 'must be a number, and not negative');
  return given;
}

/** What people do in the simulated rooms, what they see there, and the events that leave the platform because of it. */
export function addRoomControls(app: FastifyInstance, find: (name: string) => Mounted): void {
  app.post<Params>('/_sim/:name/act', async ({ params, body, headers }, reply) => {
    const mounted = find(params.name);
    if (mounted.simulator.act === undefined) throw new NotFound(`nobody can speak on "${params.name}"`);
    const given = json(body);
    const action = readAction(given, `http://${headers.host}`);
    const { answer, event } = mounted.simulator.act(action, new Date(Date.now() - minutesAgo(given) * 60_000));
    if (event !== undefined) take(mounted, event);
    return reply.code(answer.status).send(answer.body);
  });
  app.get<Params>('/_sim/:name/room', async ({ params, query }) => {
    const { simulator } = find(params.name);
    if (simulator.room === undefined) throw new NotFound(`"${params.name}" has no rooms`);
    return { messages: simulator.room(query['room'] ?? '') };
  });
  app.get<Params>('/_sim/:name/outbox', async ({ params }) => ({ hooks: find(params.name).outbox.list() }));
  app.post<Params>('/_sim/:name/outbox', async ({ params, body }) => {
    const { outbox } = find(params.name);
    const { held, copies, speed, release, repeat } = controlBody(json(body));
    const settings = outbox.set({
      ...(typeof held === 'boolean' ? { held } : {}),
      ...(typeof copies === 'number' ? { copies } : {}),
      ...(typeof speed === 'number' ? { speed } : {}),
    });
    if (release === 'same' || release === 'reversed') outbox.release(release);
    if (repeat === true) outbox.repeat();
    return settings;
  });
}
