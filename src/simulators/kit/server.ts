import { fastify, type FastifyInstance } from 'fastify';
import type { Simulator } from './simulator.ts';
import { ControlError } from './control-body.ts';
import { addPage } from './page.ts';
import { parseFaults } from './faults.ts';
import { mount, serve, type Mounted } from './serve.ts';
import { addRoomControls, json, NotFound } from './controls.ts';

export interface SimulatorServerOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly host?: string;
  /** The folder in which each simulator keeps what it accepted, in one file. */
  readonly dir: string;
  readonly simulators: readonly Simulator[];
  /** The folder with the files of the page that shows the rooms. Absent: the page is not served. */
  readonly pageDir?: string;
}

export interface SimulatorServer {
  /** Address of the server, without a slash at the end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Large enough for a file of 25 MiB in base64 with the rest of the request around it. */
const maxBodyBytes = 40 * 1_024 * 1_024;
const maxPage = 1_000;

/**
 * Starts all simulators on one port. Each platform's API is under `/<name>/`; its controls and records are under
 * `/_sim/<name>/`.
 */
export async function startSimulatorServer(options: SimulatorServerOptions): Promise<SimulatorServer> {
  const { port, host = '127.0.0.1', dir, simulators } = options;
  const stopping = new AbortController();
  const mounted = new Map(simulators.map((one) => [one.name, mount(one, dir, stopping.signal)]));
  // Without forceCloseConnections, close() would wait for the connections that a fault holds open.
  const app = fastify({ bodyLimit: maxBodyBytes, forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  addControls(app, mounted);
  if (options.pageDir !== undefined) addPage(app, options.pageDir);
  app.all<{ Params: { name: string; '*': string } }>('/:name/*', async (request, reply) => {
    const one = mounted.get(request.params.name);
    if (one === undefined) return reply.code(404).send({ error: 'no such simulator' });
    const url = new URL(request.url, 'http://simulator');
    const simulated = {
      method: request.method,
      path: url.pathname.slice(request.params.name.length + 1),
      query: url.searchParams,
      headers: request.headers as Record<string, string | undefined>,
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      now: new Date(),
    };
    return serve(one, simulated, { raw: request, reply, stopping: stopping.signal });
  });
  const url = await app.listen({ port, host });
  return {
    url,
    async stop() {
      stopping.abort();
      await app.close();
      for (const { journal } of mounted.values()) journal.close();
    },
  };
}

interface Params {
  Params: { name: string; control: string };
  Querystring: Record<string, string>;
}

function addControls(app: FastifyInstance, mounted: ReadonlyMap<string, Mounted>): void {
  const find = (name: string): Mounted => {
    const one = mounted.get(name);
    if (one === undefined) throw new NotFound(`no simulator "${name}"; there are ${[...mounted.keys()].join(', ')}`);
    return one;
  };
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof ControlError)
      return reply.code(422).send({ error: 'invalid', errors: [{ path: error.path, message: error.message }] });
    if (error instanceof NotFound) return reply.code(404).send({ error: error.message });
    return reply.send(error);
  });
  app.get<Params>('/_sim/:name/requests', async ({ params, query }) => {
    const after = pageNumber(query, 'after', 0, Number.MAX_SAFE_INTEGER);
    return find(params.name).requests.page(after, pageNumber(query, 'limit', maxPage, maxPage));
  });
  app.get<Params>('/_sim/:name/accepted', async ({ params }) => find(params.name).simulator.accepted());
  app.get<Params>('/_sim/:name/faults', async ({ params }) => ({ faults: find(params.name).faults.list() }));
  app.post<Params>('/_sim/:name/faults', async ({ params, body }, reply) => {
    const { faults } = find(params.name);
    return reply.code(201).send({ faults: faults.add(parseFaults(json(body))) });
  });
  app.delete<Params>('/_sim/:name/faults', async ({ params }, reply) => {
    find(params.name).faults.clear();
    return reply.code(204).send();
  });
  addRoomControls(app, find);
  app.post<Params>('/_sim/:name/:control', async ({ params, body }) => {
    const control = find(params.name).simulator.controls?.[params.control];
    if (control === undefined) throw new NotFound(`"${params.name}" has no control "${params.control}"`);
    return control(json(body));
  });
}

function pageNumber(query: Record<string, string>, key: string, absent: number, most: number): number {
  const text = query[key];
  if (text === undefined) return absent;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new ControlError(`?${key}`, 'must be a whole number, 0 or more');
  return Math.min(value, most);
}
