// A process of its own: the receiver of everything that is sent in a run. It answers at once and records each request.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { now } from './clock.ts';
import { serve } from './serve.ts';

/** The requests in their order: the `webhook-id` and the time of each. */
export interface Arrivals {
  readonly ids: readonly string[];
  readonly at: readonly number[];
}

let ids: string[] = [];
let at: number[] = [];

const server = createServer((request, response) => {
  request.resume().once('end', () => {
    ids.push(String(request.headers['webhook-id']));
    at.push(now());
    response.writeHead(200, { 'content-length': 0 }).end();
  });
});
// Longer than any pause between two phases, because the benchmark would take a connection closed here for a lost
// request.
server.keepAliveTimeout = 600_000;

serve({
  async listen(): Promise<number> {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  },
  count: (): number => ids.length,
  /** Returns everything since the last `take`. */
  take(): Arrivals {
    const arrivals = { ids, at };
    ids = [];
    at = [];
    return arrivals;
  },
});
