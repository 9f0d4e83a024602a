import { setTimeout as delay } from 'node:timers/promises';
import type { InboundEvent, InboundKind } from '../../domain/inbound.ts';
import { SendFailure } from '../../domain/failure.ts';
import type { LookUpContext } from '../contract/context.ts';
import type { History } from '../contract/inbound.ts';
import { asLookUp } from '../http/restated.ts';

/** Stops reading a history that grows faster than it is read. */
const maxPages = 200;
/** Limit for one request. */
const pageTimeoutMs = 15_000;

/** Limit for one answer. Pages of a history are larger than any other answer of a platform. */
export const maxPageBytes = 8 * 1_024 * 1_024;

export interface Page {
  readonly items: readonly unknown[];
  /** The cursor of the next page; undefined on the last page. */
  readonly next: string | undefined;
}

/**
 * Reads all pages of a list. If the platform says how long to wait (`Retry-After`), this function waits and goes on, as
 * long as the wait fits into `context.timeoutMs`, so that the pages already read need not be read again.
 * @param read requests one page; called without a cursor for the first page.
 * @throws SendFailure `transient` or `permanent`.
 */
export async function readPages(
  context: LookUpContext,
  read: (next: string | undefined, context: LookUpContext) => Promise<Page>,
): Promise<unknown[]> {
  const end = performance.now() + context.timeoutMs;
  const all: unknown[] = [];
  let next: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const found = await patiently(end, context, (limited) => read(next, limited));
    all.push(...found.items);
    if (found.next === undefined) return all;
    next = found.next;
  }
  throw unfinished('the history is longer than what is read at once');
}

async function patiently<T>(
  end: number,
  context: LookUpContext,
  call: (context: LookUpContext) => Promise<T>,
): Promise<T> {
  for (;;) {
    const left = Math.floor(end - performance.now());
    if (left <= 0) throw unfinished('the history was not read to its end in time');
    try {
      return await call({ ...context, timeoutMs: Math.min(left, pageTimeoutMs) });
    } catch (error) {
      const failure = asLookUp(error);
      const wait = failure instanceof SendFailure && failure.kind === 'transient' ? failure.retryAfterMs : undefined;
      if (wait === undefined || wait >= end - performance.now()) throw failure;
      await delay(wait, undefined, { signal: context.signal });
    }
  }
}

const unfinishedCode = 'history_unfinished';

function unfinished(message: string): SendFailure {
  return new SendFailure({ kind: 'transient', code: unfinishedCode, message });
}

/** Whether the failure says that the history was too long, or could not be read to its end in time. */
export const isUnfinished = ({ code }: SendFailure): boolean => code === unfinishedCode;

const ranks: readonly InboundKind[] = ['created', 'edited', 'reacted', 'unreacted', 'deleted'];

/** Sorts events by time. Events with equal times are sorted so that a message comes before its changes. */
export function oldestFirst(events: readonly InboundEvent[]): InboundEvent[] {
  return [...events].sort((a, b) => {
    if (a.at !== b.at) return a.at < b.at ? -1 : 1;
    return ranks.indexOf(a.kind) - ranks.indexOf(b.kind);
  });
}

/** The result for a history that could not be read. */
export function unread(why: string): History {
  return { events: [], lacks: [why] };
}
