import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import type { EventPosition } from '../../store/read/events.ts';
import { isAfter } from './event-cursor.ts';
import { settlesWithin } from '../limits/settles-within.ts';

export interface EventWatch {
  /** Waits for an event behind the position. False when the time is over or the signal came first. */
  awaitAfter(position: EventPosition, ms: number, signal: AbortSignal): Promise<boolean>;
}

interface Waiter {
  readonly position: EventPosition;
  readonly wake: () => void;
}

/**
 * One cheap look at PostgreSQL serves everybody who waits, and there is none while nobody does. Polling, not LISTEN:
 * that needs a session of its own, and says nothing of when a commit falls below the horizon.
 */
export function watchEvents(
  newest: () => Promise<EventPosition>,
  everyMs: number,
  logger: FastifyBaseLogger,
): EventWatch {
  const waiting = new Set<Waiter>();
  let isLooking = false;
  let isAway = false;

  async function look(): Promise<void> {
    try {
      const position = await newest();
      if (isAway) logger.info('events can be read again');
      isAway = false;
      for (const waiter of waiting) if (isAfter(position, waiter.position)) waiter.wake();
    } catch (error) {
      // Whatever it is, the streams stay open and it is looked again; one line tells of the whole outage.
      if (!isAway) logger.warn({ err: error }, 'events cannot be read; open streams wait');
      isAway = true;
    }
  }

  async function lookWhileSomebodyWaits(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    while (waiting.size > 0) {
      await look();
      // Also when all were woken: they come back at once, and the next look should not.
      await sleep(everyMs, undefined, { ref: false });
    }
    isLooking = false;
  }

  return {
    async awaitAfter(position, ms, signal) {
      let waiter: Waiter | undefined;
      const woken = new Promise<void>((wake) => {
        waiter = { position, wake };
        waiting.add(waiter);
      });
      void lookWhileSomebodyWaits();
      try {
        return await settlesWithin(ms, woken, signal);
      } finally {
        if (waiter !== undefined) waiting.delete(waiter);
      }
    },
  };
}
