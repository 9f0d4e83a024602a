import type { Answer } from './simulator.ts';

export interface RecordedRequest {
  /** Counts from 1; the cursor of the pages. */
  readonly n: number;
  readonly at: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** Id of the fault that struck it. */
  readonly fault: number | null;
  /** Whether the simulator kept what was sent. */
  accepted: boolean;
  /** Null while it is open, and for ever where none was given. */
  answer: Answer | null;
  end: 'open' | 'answered' | 'reset' | 'timeout';
}

/** The last requests of one simulator. */
export interface RequestLog {
  add(request: Omit<RecordedRequest, 'n' | 'accepted' | 'answer' | 'end'>): RecordedRequest;
  /** @param after the `n` of the last one seen; 0 for the oldest still held. */
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
