import type { Logger } from 'pino';
import type { MessageId } from '../domain/ids.ts';
import { leaseMessages, markDispatched, returnLeases, standInLine, type Dispatchable } from '../store/runs/dispatch.ts';
import type { Sql } from '../store/db/db.ts';
import type { Runs } from '../temporal/runs.ts';

/**
 * Starts under way at once. What is urgent waits for the end of half of them and not for more, so they are only as many
 * as keep Temporal busy.
 */
const startsAtOnce = 16;
/** The next ones are looked for when there is place for so many: a look costs a statement, whatever it finds. */
const leastLooked = 8;
/** Starts that ended are written down together, so many at once or those of so long. */
const noteMs = 50;
/**
 * Messages, for each worker that lives, that were started and have claimed nothing yet, of which less urgent bands may have a part
 * only: more would only queue in Temporal and in the worker, where what is more urgent comes too late to overtake them.
 */
const room = 100;
/** A poke says when there is work; this is for what nobody poked about, such as a lapsed lease. */
const idleMs = 1_000;

export interface Dispatcher {
  /** There may be work: look now. Cheap, and safe to call often. */
  poke(): void;
  /** Ends after the starts in hand. */
  stop(): Promise<void>;
}

/**
 * Starts the run of each accepted message. PostgreSQL keeps the queue, so any number of workers may do this at once and
 * none of them holds anything that a crash could lose.
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
        // Its start was never written down, so those that made way for it since then could not call it.
        else await runs.turn(message.workflowId);
      }
    } catch (error) {
      isStarted = false;
      isTroubled = true;
      log.warn({ err: error, message: message.message }, 'could not start a run; it will be tried again');
    }
    ended.push({ message: message.message, isStarted });
  }

  /** Writes down how starts ended. Where that fails their leases lapse, and a second start finds the first. */
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
      log.warn({ err: error }, 'dispatcher: PostgreSQL is not usable; what was started is found again');
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

  const places = (): number => startsAtOnce - starting.size;

  /** @returns whether there may be more. */
  async function look(): Promise<boolean> {
    const limit = places();
    const { leased, setAside, isMore } = await leaseMessages(sql, limit, room);
    leased.forEach(begin);
    const isBack = setAside.length > 0 && (await standInLine(sql, setAside));
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
      isFull = places() < leastLooked;
      if (isFull) {
        await pause();
        continue;
      }
      // A poke does not hurry what is away: neither Temporal nor PostgreSQL comes back sooner for being asked more.
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
