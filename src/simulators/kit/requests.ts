import type { Answer } from './simulator.ts';

/** One request that the platform got, as `GET /_sim/<name>/requests` shows it. */
export interface RecordedRequest {
  /** Counts from 1. A reader pages by this number. */
  readonly n: number;
  readonly at: string;
  readonly method: string;
  /** The path with the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** Id of the fault that struck the request; null when none did. */
  readonly fault: number | null;
  /** Whether the simulator kept what the request sent. */
  accepted: boolean;
  /** Null while the request is open, and also afterwards if it got no complete answer. */
  answer: Answer | null;
  end: 'open' | 'answered' | 'reset' | 'timeout';
}

/** The last requests of one simulator: at most 5 000, and at most about 64 MiB of their bodies. */
export interface RequestLog {
  add(request: Omit<RecordedRequest, 'n' | 'accepted' | 'answer' | 'end'>): RecordedRequest;
  /** @param after `n` of the last request that the caller has seen; 0 to start with the oldest one still held. */
  page(after: number, limit: number): { requests: RecordedRequest[]; total: number };
}

const maxHeld = 5_000;
const maxHeldBytes = 64 * 1_024 * 1_024;

export function createRequestLog(): RequestLog {
  const held: RecordedRequest[] = [];
  let total = 0;
  let bytes = 0;
  return {
    add(request) {
      const record: RecordedRequest = { n: ++total, ...request, accepted: false, answer: null, end: 'open' };
      held.push(record);
      bytes += record.body.length;
      while (held.length > maxHeld || (bytes > maxHeldBytes && held.length > 1))
        bytes -= held.shift()?.body.length ?? 0;
      return record;
    },
    page: (after, limit) => ({ requests: held.filter(({ n }) => n > after).slice(0, limit), total }),
  };
}
