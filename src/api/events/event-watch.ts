import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import type { EventPosition } from '../../store/read/events.ts';
import { isAfter } from './event-cursor.ts';
import { settlesWithin } from '../limits/settles-within.ts';

export interface EventWatch {
  /** Waits for an event after the position. Resolves to false when `ms` is over or the signal is aborted first. */
  awaitAfter(position: EventPosition, ms: number, signal: AbortSignal): Promise<boolean>;
}

interface Waiter {
  readonly position: EventPosition;
  readonly wake: () => void;
}

/**
 * Makes one cheap query for all waiting streams together, and none while no stream waits. It polls because LISTEN needs
 * a session of its own, and a notification does not say when the commit falls below the horizon up to which events are
 * read.
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
      // Streams stay open after any error, and the next look tries again. One log line reports the whole outage.
      if (!isAway) logger.warn({ err: error }, 'events cannot be read; open streams wait');
      isAway = true;
    }
  }

  async function lookWhileSomebodyWaits(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    while (waiting.size > 0) {
      await look();
      // Sleep even when all waiters were woken: they wait again at once, and the next look must not follow at once.
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
