import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { ControlError, controlBody } from './control-body.ts';
import { json } from './controls.ts';

/** One room that the page shows. `room` is the platform's id of it. */
export interface ShownRoom {
  readonly connector: string;
  readonly title: string;
  readonly room: string;
}

const files: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'rooms.css': 'text/css; charset=utf-8',
  'rooms.js': 'text/javascript; charset=utf-8',
};

/**
 * Serves the page of the simulated rooms at `/`, and at `/_sim/rooms` the list of the rooms that it shows. The script
 * that sets up the rooms posts this list.
 * @param dir the folder with the page's files.
 */
export function addPage(app: FastifyInstance, dir: string): void {
  let rooms: readonly ShownRoom[] = [];
  app.get('/_sim/rooms', async () => ({ rooms }));
  app.post<{ Body: unknown }>('/_sim/rooms', async ({ body }) => {
    const given = controlBody(json(body))['rooms'];
    if (!Array.isArray(given)) throw new ControlError('/rooms', 'must be a list of {connector, title, room}');
    rooms = given as readonly ShownRoom[];
    return { rooms };
  });
  for (const [name, type] of Object.entries(files))
    app.get(name === 'index.html' ? '/' : `/${name}`, async (_request, reply) =>
      reply.type(type).send(await readFile(join(dir, name), 'utf8')),
    );
}
