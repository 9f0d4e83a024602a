import type { Logger } from 'pino';
import { leaseMessages, markDispatched, returnLeases, standInLine, type Dispatchable } from '../store/dispatch.ts';
import type { Sql } from '../store/db.ts';
import type { Runs } from '../temporal.ts';

/** Messages leased at once; their starts go out together. */
const batch = 32;
/**
 * Messages, over all workers, that were started and have claimed nothing yet: more would only queue in Temporal, where a
 * message that is more urgent comes too late to overtake them.
 */
const room = 100;
/** A poke says when there is work; this is for what nobody poked about, such as a lapsed lease. */
const idleMs = 1_000;

export interface Dispatcher {
  /** There may be work: look now. Cheap, and safe to call often. */
  poke(): void;
  /** Ends after the batch in hand. */
  stop(): Promise<void>;
}

/**
 * Starts the run of each accepted message. PostgreSQL keeps the queue, so any number of workers may do this at once and
 * none of them holds anything that a crash could lose.
 */
export function startDispatcher(deps: { sql: Sql; runs: Runs; log: Logger }): Dispatcher {
  const { sql, runs, log } = deps;
  let isStopping = false;
  let isPoked = true;
  let wakeUp = (): void => undefined;

  async function dispatch(message: Dispatchable): Promise<boolean> {
    try {
      if ((await runs.start(message)) === 'exists' && (await runs.describe(message.workflowId)) !== 'running')
        await runs.startAgain(message);
      return true;
    } catch (error) {
      log.warn({ err: error, message: message.message }, 'could not start a run; it will be tried again');
      return false;
    }
  }

  /** @returns whether there may be more. */
  async function round(): Promise<'more' | 'idle' | 'troubled'> {
    const { leased, setAside } = await leaseMessages(sql, batch, room);
    const broughtBack = setAside.length > 0 && (await standInLine(sql, setAside));
    if (leased.length === 0) return broughtBack || setAside.length > 0 ? 'more' : 'idle';
    const started = await Promise.all(leased.map(dispatch));
    const ids = leased.map(({ message }) => message);
    const done = ids.filter((_, index) => started[index]);
    const failed = ids.filter((_, index) => !started[index]);
    if (done.length > 0) await markDispatched(sql, done);
    if (failed.length > 0) await returnLeases(sql, failed);
    if (failed.length > 0) return 'troubled';
    return leased.length === batch || setAside.length > 0 ? 'more' : 'idle';
  }

  async function pause(): Promise<void> {
    if (isPoked || isStopping) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      wakeUp = resolve;
      timer = setTimeout(resolve, idleMs);
    });
    clearTimeout(timer);
  }

  const loop = (async () => {
    while (!isStopping) {
      isPoked = false;
      try {
        const result = await round();
        if (result === 'more') continue;
        // A poke does not hurry what is away: neither Temporal nor PostgreSQL comes back sooner for being asked more.
        if (result === 'troubled') isPoked = false;
      } catch (error) {
        log.warn({ err: error }, 'dispatcher: PostgreSQL is not usable; trying again');
        isPoked = false;
      }
      await pause();
    }
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
