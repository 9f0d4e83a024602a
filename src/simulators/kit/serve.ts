import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer, RunningSimulator, SimulatedRequest, Simulator } from './simulator.ts';
import { createOutbox, type Outbox } from './hooks.ts';
import { createFaultScript, type Fault, type FaultScript } from './faults.ts';
import { openJournal, type Journal } from './journal.ts';
import { createRequestLog, type RecordedRequest, type RequestLog } from './requests.ts';

/** One simulator with everything that the kit holds for it: faults, recorded requests, journal and outbox. */
export interface Mounted {
  readonly simulator: RunningSimulator;
  readonly requests: RequestLog;
  readonly faults: FaultScript;
  readonly journal: Journal;
  readonly outbox: Outbox;
}

/**
 * Starts a simulator and lets it read back its journal.
 * @param stopping aborts when the simulators stop; the outbox then sends nothing more.
 */
export function mount(one: Simulator, dir: string, stopping: AbortSignal): Mounted {
  const outbox = createOutbox(stopping);
  const simulator = one.start((hooks) => outbox.add(hooks));
  const journal = openJournal(dir, one.name, (event) => simulator.commit(event));
  return { simulator, requests: createRequestLog(), faults: createFaultScript(), journal, outbox };
}

/**
 * Serves one request to the platform's API. The first fault that fits the request, if any, is applied to it.
 * @param stopping aborts when the simulators stop. A request whose delay is still running then gets no answer.
 */
export async function serve(
  mounted: Mounted,
  request: SimulatedRequest,
  { raw, reply, stopping }: { raw: FastifyRequest; reply: FastifyReply; stopping: AbortSignal },
): Promise<FastifyReply> {
  const body = request.body.toString('utf8');
  const fault = mounted.faults.take(raw.url, body);
  const { cleared } = mounted.faults;
  const record = mounted.requests.add({
    at: request.now.toISOString(),
    method: request.method,
    path: raw.url,
    headers: request.headers,
    body,
    fault: fault?.id ?? null,
  });
  if (fault?.delayMs !== undefined && !(await waited(fault.delayMs, cleared, stopping))) return keepOpen(reply, record);
  switch (fault?.mode) {
    case undefined:
    case 'delay': {
      const refusal = await mounted.simulator.ask?.(request);
      return send(reply, record, refusal ?? commit(mounted, request, record));
    }
    case 'duplicate': {
      const first = commit(mounted, request, record);
      commit(mounted, request, record);
      return send(reply, record, first);
    }
    case 'status':
      return send(reply, record, faultAnswer(mounted, fault));
    case 'commit-then-status':
      commit(mounted, request, record);
      return send(reply, record, faultAnswer(mounted, fault));
    case 'timeout':
      return keepOpen(reply, record);
    case 'commit-then-timeout':
      commit(mounted, request, record);
      return keepOpen(reply, record);
    case 'reset-before':
      return reset(reply, record);
    case 'reset-after':
      commit(mounted, request, record);
      return reset(reply, record);
    case 'cut':
      return cutOff(reply, record, commit(mounted, request, record));
  }
}

/**
 * Lets the simulator decide and keeps the result. This happens in one synchronous step, so that no other request comes
 * between the decision and its effect.
 */
function commit(mounted: Mounted, request: SimulatedRequest, record: RecordedRequest): Answer {
  const { answer, event } = mounted.simulator.handle(request);
  if (event !== undefined) {
    take(mounted, event);
    record.accepted = true;
  }
  return answer;
}

/**
 * Writes an event to disk, then applies it in memory, then sends the hooks that it causes. Disk comes first, so that an
 * event that was answered for survives a kill.
 */
export function take({ simulator, journal, outbox }: Mounted, event: unknown): void {
  journal.append(event);
  simulator.commit(event);
  outbox.add(simulator.hooks?.(event) ?? []);
}

function faultAnswer({ simulator }: Mounted, fault: Fault): Answer {
  const status = fault.status ?? 500;
  return {
    status,
    headers: {
      ...(fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }),
      ...fault.headers,
    },
    body: fault.body ?? simulator.faultBody?.(status) ?? { error: `scripted fault ${fault.id}` },
  };
}

function send(reply: FastifyReply, record: RecordedRequest, answer: Answer): FastifyReply {
  const { status, headers = {}, body } = answer;
  const isJson = typeof body === 'object' && !Buffer.isBuffer(body);
  record.answer = Buffer.isBuffer(body) ? { ...answer, body: `${body.length} bytes` } : answer;
  record.end = 'answered';
  reply.code(status);
  if (isJson) reply.type('application/json; charset=utf-8');
  return reply.headers(headers).send(isJson ? JSON.stringify(body) : body);
}

function keepOpen(reply: FastifyReply, record: RecordedRequest): FastifyReply {
  record.end = 'timeout';
  return reply.hijack();
}

/** Sends the head of the answer and half of its body, then resets the connection. */
function cutOff(reply: FastifyReply, record: RecordedRequest, { status, headers, body = '' }: Answer): FastifyReply {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  reply.hijack();
  reply.raw.writeHead(status, { ...headers, 'content-length': bytes.length });
  reply.raw.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => void reset(reply, record));
  return reply;
}

/** Resets the TCP connection without an orderly end, as a crashed peer or a firewall does. */
function reset(reply: FastifyReply, record: RecordedRequest): FastifyReply {
  record.end = 'reset';
  if (!reply.sent) reply.hijack();
  reply.raw.socket?.resetAndDestroy();
  return reply;
}

/**
 * Waits for `ms` milliseconds. Returns false when the simulators stopped during the wait. Returns true at the end of
 * the wait, or at once when the faults were cleared.
 */
async function waited(ms: number, cleared: AbortSignal, stopping: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal: AbortSignal.any([cleared, stopping]) });
    return true;
  } catch (error) {
    if (stopping.aborted) return false;
    if (cleared.aborted) return true;
    throw error;
  }
}
