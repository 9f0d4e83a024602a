import type { Logger } from 'pino';
import type { MessageId } from '../domain/ids.ts';
import {
  leaseMessages,
  markDispatched,
  returnLeases,
  queueSetAside,
  type Dispatchable,
} from '../store/runs/dispatch.ts';
import type { Sql } from '../store/db/db.ts';
import type { Runs } from '../temporal/runs.ts';

/**
 * How many starts are under way at once. An urgent message waits for at most half of them, so the number is only as
 * high as keeps Temporal busy.
 */
const startsAtOnce = 16;
/** The next messages are looked for when this many more may start, because each look costs a statement. */
const leastLooked = 8;
/** Starts that ended are written together: `leastLooked` of them, or those of this many milliseconds. */
const noteMs = 50;
/**
 * Messages per living worker that may be started without having claimed anything yet; less urgent bands get a part of
 * them. More would only queue in Temporal and in the worker, where an urgent message cannot overtake them any more.
 */
const room = 100;
/** The dispatcher also looks without a poke, for example because a lease lapsed. Milliseconds. */
const idleMs = 1_000;

export interface Dispatcher {
  /** There may be work: the dispatcher looks now. This is cheap and may be called often. */
  poke(): void;
  /** Ends when the starts under way have ended. */
  stop(): Promise<void>;
}

/**
 * Starts the run of each accepted message. `store/runs/dispatch.ts` has the rules P1 to P6. Any number of workers may
 * dispatch at once, and none keeps state that a crash could lose (P1, P2).
 */
export function startDispatcher(deps: { sql: Sql; runs: Runs; log: Logger }): Dispatcher {
  const { sql, runs, log } = deps;
  const starting = new Set<Promise<void>>();
  let ended: { message: MessageId; isStarted: boolean }[] = [];
  let noting: NodeJS.Timeout | undefined;
  let isStopping = false;
  let isPoked = true;
  let isFull = false;
  let isTroubled = false;
  let wakeUp = (): void => undefined;

  async function start(message: Dispatchable): Promise<void> {
    let isStarted = true;
    try {
      if ((await runs.start(message)) === 'exists') {
        if ((await runs.describe(message.workflowId)) !== 'running') await runs.startAgain(message);
        // P3: the run exists, but its start was never written down. Wake-ups meant for it may have gone to the
        // dispatcher.
        else await runs.turn(message.workflowId);
      }
    } catch (error) {
      isStarted = false;
      isTroubled = true;
      log.warn({ err: error, message: message.message }, 'could not start a run; it will be tried again');
    }
    ended.push({ message: message.message, isStarted });
  }

  /** Writes how starts ended. Where that fails, their leases lapse and a second start finds the first (P3). */
  async function note(): Promise<void> {
    clearTimeout(noting);
    noting = undefined;
    const noted = ended;
    ended = [];
    const of = (isStarted: boolean) => noted.filter((one) => one.isStarted === isStarted).map(({ message }) => message);
    const [started, failed] = [of(true), of(false)];
    try {
      if (started.length > 0) await markDispatched(sql, started);
      if (failed.length > 0) await returnLeases(sql, failed);
    } catch (error) {
      log.warn({ err: error }, 'dispatcher: PostgreSQL is not usable; the started runs are found again later');
    }
  }

  function begin(message: Dispatchable): void {
    const one = start(message).then(async () => {
      if (starting.size === 1 || ended.length >= leastLooked) await note();
      else noting ??= setTimeout(() => void note(), noteMs);
      starting.delete(one);
      if (isFull) wakeUp();
    });
    starting.add(one);
  }

  const freeStarts = (): number => startsAtOnce - starting.size;

  /** @returns whether there may be more. */
  async function look(): Promise<boolean> {
    const limit = freeStarts();
    const { leased, setAside, isMore } = await leaseMessages(sql, limit, room);
    leased.forEach(begin);
    const isBack = setAside.length > 0 && (await queueSetAside(sql, setAside));
    return leased.length === limit || isBack || (setAside.length > 0 && isMore);
  }

  async function pause(): Promise<void> {
    if (isStopping) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      wakeUp = resolve;
      timer = setTimeout(resolve, idleMs);
    });
    clearTimeout(timer);
  }

  const loop = (async () => {
    while (!isStopping) {
      isFull = freeStarts() < leastLooked;
      if (isFull) {
        await pause();
        continue;
      }
      // After trouble the dispatcher pauses, poked or not: a server that is away does not come back sooner when it is
      // asked more.
      if (isTroubled) {
        isTroubled = false;
        await pause();
        continue;
      }
      isPoked = false;
      try {
        if (await look()) continue;
      } catch (error) {
        log.warn({ err: error }, 'dispatcher: PostgreSQL is not usable; trying again');
        isPoked = false;
      }
      if (!isPoked) await pause();
    }
    await Promise.all(starting);
    await note();
  })();

  return {
    poke() {
      isPoked = true;
      wakeUp();
    },
    async stop() {
      isStopping = true;
      wakeUp();
      await loop;
    },
  };
}
