import type { FastifyInstance } from 'fastify';
import { ControlError, controlBody } from './control-body.ts';
import { readAction } from './rooms.ts';
import { take, type Mounted } from './serve.ts';

interface Params {
  Params: { name: string };
  Querystring: Record<string, string>;
}

/** There is no simulator, control or room of the name in a control request. The server answers with 404. */
export class NotFound extends Error {
  override name = 'NotFound';
}

/**
 * Parses the raw body of a control request.
 * @throws ControlError when the body is not JSON.
 */
export function json(body: unknown): unknown {
  try {
    return JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '');
  } catch (cause) {
    throw new ControlError('', `is not JSON: ${(cause as Error).message}`);
  }
}

/**
 * Reads `minutesAgo` of an act: how many minutes before now the platform's clock stood when the person acted. It lets a
 * test reach a limit of half an hour without waiting for it.
 * @throws ControlError when it is not a number of at least 0.
 */
function minutesAgo(body: unknown): number {
  const { minutesAgo: given = 0 } = controlBody(body);
  if (typeof given !== 'number' || !(given >= 0))
    throw new ControlError('/minutesAgo', 'must be a number, and not negative');
  return given;
}

/**
 * Adds the controls that let people act in the simulated rooms and show what they see there, and the controls of the
 * events that the platform sends out for these acts.
 */
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
