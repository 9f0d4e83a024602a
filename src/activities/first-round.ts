import type { DeliveryId } from '../domain/ids.ts';
import type { Sent } from './send-once.ts';

/** Sends at once to one destination in first rounds: one that dawdles takes these, and no more. */
const placesEach = 8;
/** Messages at once in their first round: half of the workflow task slots, since each of them holds one. */
const placesInAll = 20;

/** What a message's first round may take of this worker, and what of it is still under way. */
export interface FirstRound {
  /** Enters a message; false when too many are in already. Call `leave` at its end. */
  enter(): boolean;
  leave(): void;
  /** Takes a place at a destination for a send. @returns how to give it back; undefined where none is free. */
  take(destination: string): (() => void) | undefined;
  /** Keeps a send in mind until its end, however long after the round that is. */
  keep(delivery: DeliveryId, sending: Promise<Sent>): void;
  /** The outcome of a send that is still under way here; undefined at once where there is none. Never rejects. */
  endOf(delivery: DeliveryId, signal: AbortSignal): Promise<Sent | undefined>;
  /** Resolves when no send is under way any more. */
  idle(): Promise<void>;
}

export function createFirstRound(): FirstRound {
  const places = new Map<string, number>();
  const sending = new Map<DeliveryId, Promise<Sent | undefined>>();
  let entered = 0;
  return {
    enter() {
      if (entered >= placesInAll) return false;
      entered += 1;
      return true;
    },
    leave: () => void (entered -= 1),
    take(destination) {
      const taken = places.get(destination) ?? 0;
      if (taken >= placesEach) return undefined;
      places.set(destination, taken + 1);
      return () => {
        const left = (places.get(destination) ?? 1) - 1;
        if (left === 0) places.delete(destination);
        else places.set(destination, left);
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
