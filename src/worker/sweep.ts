import type { Logger } from 'pino';
import type { MessageId } from '../domain/ids.ts';
import { findDispatchable } from '../store/dispatch.ts';
import { findOverdue, postpone, type Overdue } from '../store/overdue.ts';
import type { Sql } from '../store/db.ts';
import { returnLease, takeLease } from '../store/leases.ts';
import type { Runs } from '../temporal.ts';

const everyMs = 1_000;
/** Another worker takes the sweep over so long after its holder was heard last. */
const leaseSeconds = 5;
const job = 'sweep';
/** Deliveries looked after in one pass, so that a pass stays short. */
const batch = 200;
/** Somebody looked after it; if nothing comes of that, look again. */
const postponeSeconds = 20;

/**
 * The one mechanism that mends what was lost between PostgreSQL and Temporal: a run that is closed or missing is started
 * again, a lost wake-up or wish is repeated. One per deployment at a time.
 */
export function startSweep(deps: { sql: Sql; runs: Runs; worker: string; log: Logger; poke: () => void }): {
  stop(): Promise<void>;
} {
  const { sql, runs, worker, log } = deps;
  let isStopping = false;
  let wakeUp = (): void => undefined;

  async function mend(message: MessageId, overdue: readonly Overdue[]): Promise<void> {
    const dispatchable = await findDispatchable(sql, message);
    if (dispatchable === undefined) return;
    const state = await runs.describe(dispatchable.workflowId);
    if (state !== 'running') {
      await runs.startAgain(dispatchable);
      log.info({ message, run: state }, 'sweep: started a run again');
      return;
    }
    for (const { id, destination, state: delivery, isBehind } of overdue) {
      // Sending and retrying are Temporal's to time; behind another one, there is nothing to wake for.
      if (delivery === 'waiting' && !isBehind) await runs.turn(dispatchable.workflowId, id);
      if (delivery === 'queued' && !isBehind)
        await runs.wish(dispatchable.workflowId, 'retry', { destination, by: 'sweep' });
    }
  }

  /** What is wrong with one message holds up no other; what is wrong with Temporal ends the pass. */
  async function mendOrLog(message: MessageId, overdue: readonly Overdue[]): Promise<void> {
    try {
      await mend(message, overdue);
    } catch (error) {
      if (!(await runs.isReachable())) throw error;
      log.error({ err: error, message }, 'sweep: could not mend this message; it is looked at again');
    }
  }

  async function pass(): Promise<void> {
    const overdue = await findOverdue(sql, batch);
    if (overdue.length === 0) return;
    for (const [message, deliveries] of group(overdue)) {
      // Without a run it is the dispatcher's, which takes it as soon as it could go.
      if (deliveries.some(({ hasRun }) => hasRun)) await mendOrLog(message, deliveries);
      else deps.poke();
      await postpone(
        sql,
        deliveries.map(({ id }) => id),
        postponeSeconds,
      );
      if (isStopping || !(await takeLease(sql, job, worker, leaseSeconds))) return;
    }
  }

  const loop = (async () => {
    while (!isStopping) {
      try {
        if (await takeLease(sql, job, worker, leaseSeconds)) await pass();
      } catch (error) {
        log.warn({ err: error }, 'sweep: a pass was cut short; the next one goes on');
      }
      if (isStopping) return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        wakeUp = resolve;
        timer = setTimeout(resolve, everyMs);
      });
      clearTimeout(timer);
    }
  })();

  return {
    async stop() {
      isStopping = true;
      wakeUp();
      await loop;
      await returnLease(sql, job, worker).catch((error: unknown) =>
        log.debug({ err: error }, 'sweep: could not give its lease back; it ends by itself'),
      );
    },
  };
}

function group(overdue: readonly Overdue[]): Map<MessageId, Overdue[]> {
  const groups = new Map<MessageId, Overdue[]>();
  for (const one of overdue) groups.set(one.message, [...(groups.get(one.message) ?? []), one]);
  return groups;
}
