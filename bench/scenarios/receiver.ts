// A process of its own: a receiver that can be made unavailable, slow or faulty for each path.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Priority } from '../../src/domain/message.ts';
import { now } from '../clock.ts';
import { serve } from '../serve.ts';
import type { Arrival } from './evidence.ts';
import { faultOf, type Manner } from './manner.ts';

const manners = new Map<string, Manner>();
const requests = new Map<string, number>();
let arrivals: Arrival[] = [];
const taken = new Set<string>();

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const at = now();
  const path = request.url ?? '';
  const nth = (requests.get(path) ?? 0) + 1;
  requests.set(path, nth);
  const { status: usual = 200, delayMs = 0, isFaulty = false } = manners.get(path) ?? {};
  const fault = isFaulty ? faultOf(nth) : undefined;
  const status = fault === undefined ? usual : { error: 500, busy: 429, 'reset-before': 0, 'reset-after': 0 }[fault];
  const isTaken = status === 200 || fault === 'reset-after';
  const message = JSON.parse(Buffer.concat(chunks).toString()) as Pick<Arrival, 'conversation' | 'sequence'> & {
    priority: Priority;
  };
  const id = String(request.headers['webhook-id']);
  if (isTaken) taken.add(id);
  const { conversation, sequence, priority } = message;
  arrivals.push({ path, id, at, status, isTaken, conversation: conversation ?? null, sequence, priority });
  if (delayMs > 0) await sleep(delayMs);
  if (status === 0) request.socket.resetAndDestroy();
  else {
    if (status === 429) response.setHeader('retry-after', 1);
    response.writeHead(status, { 'content-length': 0 }).end();
  }
}

const server = createServer((request, response) => {
  receive(request, response).catch(() => request.socket.destroy()); // its sender has cut the connection
});
// Longer than any pause between two phases, because the benchmark would take a connection closed here for a fault.
server.keepAliveTimeout = 600_000;

serve({
  async listen(): Promise<number> {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  },
  /**
   * Sets how the receiver treats a path from now on.
   * @returns the time.
   */
  behave({ path, manner }: { path: string; manner: Manner }): number {
    manners.set(path, manner);
    return now();
  },
  /** Number of different deliveries that were accepted since the last `take`. */
  taken: (): number => taken.size,
  /** Returns all requests since the last `take`. */
  take(): readonly Arrival[] {
    const all = arrivals;
    arrivals = [];
    taken.clear();
    return all;
  },
});
