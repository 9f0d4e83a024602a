import type { DeliveryId } from '../../domain/ids.ts';
import { createPlaces, type Places } from './places.ts';
import type { Sent } from '../sent.ts';

/**
 * How many sends of first rounds a worker makes at once. It is below half of the 100 workflow task slots, because a
 * message holds one during its round. It is also low enough that no send takes long because it waits for a core, which
 * would look like a slow destination.
 */
const placesInAll = 48;
/**
 * How long a message waits for places. A busy worker has free places again soon, and regular attempts for all of its
 * messages would keep it busier still.
 */
const enterMs = 2_000;
/** How many called rounds a worker makes at once: a quarter of the workflow task slots. */
const calledInAll = 24;
/**
 * How many sends of rounds a worker makes at once to one destination, so that a slow destination takes no more places.
 */
const placesEach = 16;
/**
 * How long a send waits for a place at its destination. A destination that is only busy has a free place within
 * milliseconds, and a regular attempt costs three times the CPU.
 */
const waitMs = 500;
/** A destination whose oldest send takes longer than this is slow, and no send waits for a place there. */
const dawdlesMs = 500;

/** The places of this worker for rounds, and the sends of rounds that are still under way. */
export interface RoundPlaces {
  /**
   * Takes as many places as a message has deliveries, the most urgent messages first.
   * @returns a function that gives them back; undefined where they were not free within 2 s.
   */
  enter(band: number, deliveries: number): Promise<(() => void) | undefined>;
  /**
   * Begins a called round, which sleeps for most of its time.
   * @returns a function that ends it; undefined where 24 are under way.
   */
  enterCalled(): (() => void) | undefined;
  /**
   * Takes a place at a destination for a send.
   * @returns a function that gives it back; undefined where none was free in time.
   */
  take(destination: string, band: number): Promise<(() => void) | undefined>;
  /** Remembers a send until it ends, also where that is long after its round. */
  keep(delivery: DeliveryId, sending: Promise<Sent | undefined>): void;
  /**
   * Waits for a send that is under way in this worker. Never rejects.
   * @returns its outcome; undefined where no send is under way, nothing was sent, or the signal was aborted.
   */
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
      // An error is not reported here. The next read of the ledger finds the claim, and learns whether it has lapsed.
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
