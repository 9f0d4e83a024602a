import type { DeliveryId } from '../../domain/ids.ts';
import { createPlaces, type Places } from './places.ts';
import type { Sent } from '../sent.ts';

/**
 * Sends at once in first rounds: below half of the workflow task slots, since a message holds one, and few enough that
 * none takes long for want of a core, which would look like a destination that dawdles.
 */
const placesInAll = 48;
/** A worker that is busy has places again after a moment; all of it the regular way would make it busier still. */
const enterMs = 2_000;
/** Rounds at once of those that were called: a quarter of the workflow task slots. */
const calledInAll = 24;
/** Sends at once to one destination in first rounds: one that dawdles takes these, and no more. */
const placesEach = 16;
/** What is only busy has a place free after some milliseconds; going the regular way costs three times the CPU. */
const waitMs = 500;
/** A destination whose oldest send takes longer than this dawdles, and is not waited for. */
const dawdlesMs = 500;

/** What a message's first round may take of this worker, and what of it is still under way. */
export interface RoundPlaces {
  /**
   * Enters a message with so many deliveries, the most urgent first.
   * @returns how to leave; undefined when too many are in and none leaves in time.
   */
  enter(band: number, deliveries: number): Promise<(() => void) | undefined>;
  /** A round of one that was called; most of its time it sleeps. @returns how to leave; undefined when too many are in. */
  enterCalled(): (() => void) | undefined;
  /** Takes a place at a destination for a send. @returns how to give it back; undefined where none is to be had. */
  take(destination: string, band: number): Promise<(() => void) | undefined>;
  /** Keeps a send in mind until its end, however long after the round that is. */
  keep(delivery: DeliveryId, sending: Promise<Sent | undefined>): void;
  /** The outcome of a send that is still under way here; undefined where there is none, or nothing was sent. Never rejects. */
  endOf(delivery: DeliveryId, signal: AbortSignal): Promise<Sent | undefined>;
  /** Resolves when no send is under way any more. */
  idle(): Promise<void>;
}

export function createRoundPlaces(): RoundPlaces {
  const all = createPlaces(placesInAll);
  const destinations = new Map<string, Places>();
  const sending = new Map<DeliveryId, Promise<Sent | undefined>>();
  let called = 0;
  return {
    enter: (band, deliveries) => all.take(enterMs, band, deliveries),
    enterCalled() {
      if (called >= calledInAll) return undefined;
      called += 1;
      return () => (called -= 1);
    },
    async take(destination, band) {
      const places = destinations.get(destination) ?? createPlaces(placesEach);
      destinations.set(destination, places);
      const leave = await places.take(places.longestHeldMs() > dawdlesMs ? 0 : waitMs, band);
      if (leave === undefined) return undefined;
      return () => {
        leave();
        if (places.isIdle) destinations.delete(destination);
      };
    },
    keep(delivery, promise) {
      // What went wrong is said by the ledger: whoever asks it next finds the claim, live or lapsed.
      const ended = promise.catch(() => undefined).finally(() => sending.delete(delivery));
      sending.set(delivery, ended);
    },
    async endOf(delivery, signal) {
      const promise = sending.get(delivery);
      if (promise === undefined) return undefined;
      const aborted = new Promise<undefined>((resolve) =>
        signal.addEventListener('abort', () => resolve(undefined), { once: true }),
      );
      return Promise.race([promise, aborted]);
    },
    async idle() {
      await Promise.all(sending.values());
    },
  };
}
