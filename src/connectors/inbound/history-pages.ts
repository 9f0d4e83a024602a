import { setTimeout as delay } from 'node:timers/promises';
import type { InboundEvent, InboundKind } from '../../domain/inbound.ts';
import { SendFailure } from '../../domain/failure.ts';
import type { LookUpContext } from '../contract/context.ts';
import type { History } from '../contract/inbound.ts';
import { asLookUp } from '../http/restated.ts';

/** A bound for a room that fills faster than it is read. */
const maxPages = 200;
/** Of one request. */
const pageTimeoutMs = 15_000;

/** Histories come in larger answers than anything else. */
export const maxPageBytes = 8 * 1_024 * 1_024;

export interface Page {
  readonly items: readonly unknown[];
  /** What the next page is asked for with; undefined at the end. */
  readonly next: string | undefined;
}

/**
 * Reads a list to its end, one page after the other. Where the platform says how long to stay away, it is waited for as
 * far as the time allows: the pages that were read need not be read again.
 * @param read asks for a page; the first where it is given nothing.
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

/** Whether there was more than could be read in the time. */
export const isUnfinished = ({ code }: SendFailure): boolean => code === unfinishedCode;

const ranks: readonly InboundKind[] = ['created', 'edited', 'reacted', 'unreacted', 'deleted'];

/** Oldest first, and of one moment what is changed before its change. */
export function oldestFirst(events: readonly InboundEvent[]): InboundEvent[] {
  return [...events].sort((a, b) => {
    if (a.at !== b.at) return a.at < b.at ? -1 : 1;
    return ranks.indexOf(a.kind) - ranks.indexOf(b.kind);
  });
}

/** A history that nobody may read, and why. */
export function unread(why: string): History {
  return { events: [], lacks: [why] };
}
