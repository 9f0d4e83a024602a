import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { isOpen, type DeliveryState } from '../domain/delivery.ts';
import type { DeliveryId } from '../domain/ids.ts';
import { slotHorizonMs } from '../domain/gate.ts';
import type { Step } from '../domain/step.ts';
import { waitForTurn } from '../store/waiting/lane.ts';
import type { LedgerEntry } from '../store/ledger/ledger.ts';
import { rest, type RestRequest } from '../store/ledger/end.ts';
import type { Settlement } from '../store/ledger/settle.ts';
import { waitAtGate } from '../store/waiting/wait.ts';
import { conclude } from './conclude.ts';
import { tryAgain } from '../activities/failure.ts';
import type { ActivityDeps } from '../activities/index.ts';
import { stepOf, toJob } from './attempt-plan.ts';
import { lapse } from './lapse.ts';
import { lookUp } from './in-doubt.ts';
import { keepRates, type Slot } from './keep-rates.ts';
import { sendOnce } from './send.ts';
import { withFiles } from './with-files.ts';

export type DeliverOutcome =
  | { readonly state: DeliveryState; readonly nativeId?: string }
  /** PostgreSQL stayed away after the send: the run must write this later. */
  | { readonly unsettled: Settlement };

/** A file that is not here yet is looked for again after this. */
const filesPauseMs = 1_000;

/** Waits up to this long are slept here; longer ones cost the server a timer, but no slot of this worker. */
const shortPauseMs = 500;

/**
 * Takes one delivery as far as it goes now: prepare → claim → send → settle, or whatever else the ledger says is next.
 * Safe to run twice, at once, or again after a crash: `stepOf` reads everything from the ledger.
 * @returns the state it came to rest in, or `waiting` until a signal.
 * @throws ApplicationFailure retryable with its delay when there is more to do later, non-retryable when it is parked.
 */
export function createDeliver(deps: ActivityDeps) {
  return async function deliver(id: DeliveryId): Promise<DeliverOutcome> {
    const { cancellationSignal: signal, sleep } = Context.current();
    let slot: Slot | undefined;
    for (;;) {
      signal.throwIfAborted();
      // This worker may be sending it still, from the message's first round: its outcome is the next thing to know.
      const sentHere = await deps.firstRound.endOf(id, signal);
      if (sentHere !== undefined && 'unsettled' in sentHere) return sentHere;
      const entry = await deps.ledger.read(id);
      if (entry === undefined)
        throw ApplicationFailure.nonRetryable(`${id}: there is no such delivery`, 'NoSuchDelivery');
      const made = toJob(deps, entry, signal);
      if (made === undefined) return restWithout(deps, entry);
      const step = stepOf(made);
      const isSent = step.do === 'send' || step.do === 'look-up';
      const job = isSent ? await withFiles(deps, made, signal) : made;
      if (job === undefined) throw tryAgain(`${entry.destination}: its files are on their way`, filesPauseMs);
      switch (step.do) {
        case 'nothing':
          return { state: entry.view.state };
        case 'pause':
          if (step.ms > shortPauseMs) throw tryAgain(`${entry.destination}: ${pauseText(entry, step)}`, step.ms);
          await sleep(Math.max(1, Math.ceil(step.ms)));
          break;
        case 'wait-turn':
          if (await waitForTurn(deps.sql, id)) return { state: 'waiting' };
          break;
        case 'wait-gate': {
          const { gate, why, ms } = step.shut;
          if (ms !== null && ms <= slotHorizonMs) await sleep(Math.max(1, Math.ceil(ms)));
          else if (await waitAtGate(deps.sql, id, gate, why)) return { state: 'waiting' };
          break;
        }
        case 'lapse':
          await lapse(deps, entry, job);
          break;
        case 'look-up': {
          const found = await lookUp(deps, job, step.final);
          // One part was found, and the next is to be sent.
          if (found === undefined || isOpen(found.state)) break;
          return conclude(deps, entry, found);
        }
        case 'park':
        case 'doubt':
        case 'expire':
        case 'cancel':
        case 'skip':
          return conclude(deps, entry, await rest(deps.sql, { delivery: id, ...restOf(entry, step) }));
        case 'send': {
          if (slot === undefined || slot.isOver()) {
            const had = await keepRates(deps, entry);
            if (had === 'full') return { state: 'waiting' };
            if (had === 'moved') break;
            slot = had;
            if (slot.waitMs > 0) {
              await sleep(Math.ceil(slot.waitMs));
              break; // much may have happened meanwhile, such as an opened breaker
            }
          }
          const sent = await sendOnce(deps, job);
          if (sent === 'not-claimed') break; // somebody was faster: the ledger says what is next
          if ('unsettled' in sent) return sent;
          return conclude(deps, entry, sent.settled, sent.attempt);
        }
      }
    }
  };
}

type Ending =
  | Extract<Step, { do: 'park' | 'doubt' | 'expire' | 'cancel' }>
  | { do: 'skip' | 'park'; reason: RestRequest['reason'] };

function restOf({ view }: LedgerEntry, step: Ending): Omit<RestRequest, 'delivery'> {
  const made = `${view.attempts} of ${view.maxAttempts} attempts made`;
  switch (step.do) {
    case 'skip':
      return { state: 'skipped', reason: step.reason };
    case 'expire':
      return { state: 'expired', reason: { code: 'expired', message: `It was worth nothing any more (${made}).` } };
    case 'cancel':
      return { state: 'cancelled', reason: { code: 'cancelled', message: `Cancelled by request (${made}).` } };
    case 'doubt': {
      const message = `It may have arrived, and may not be sent twice (${made}).`;
      return { state: 'uncertain', reason: { code: step.code, message } };
    }
    case 'park': {
      if ('reason' in step) return { state: 'parked', reason: step.reason };
      const mayHaveArrived = view.inDoubtMs === null ? '' : ' An attempt may have arrived.';
      return { state: 'parked', reason: { code: step.code, message: `No further attempt: ${made}.${mayHaveArrived}` } };
    }
  }
}

/** Without its destination or connector there is nobody to send to: it waits for an operator. */
async function restWithout(deps: ActivityDeps, entry: LedgerEntry): Promise<DeliverOutcome> {
  if (entry.view.state === 'sending') {
    // A newer version, which knows the connector, may be sending it at this moment.
    const left = entry.view.claimMs ?? 0;
    if (left > 0) throw tryAgain(`${entry.destination}: claim-live, again in ${Math.ceil(left)} ms`, left);
    await lapse(deps, entry, undefined);
  }
  const reason =
    entry.target === undefined
      ? { code: 'destination_deleted', message: `The destination ${entry.destination} was deleted.` }
      : { code: 'unknown_connector', message: `This version has no connector ${entry.target.connector}.` };
  return conclude(deps, entry, await rest(deps.sql, { delivery: entry.id, state: 'parked', reason }));
}

/** What Temporal's page of a pending activity says: how many attempts were made, what came of the last, what is next. */
function pauseText({ view, reasonCode }: LedgerEntry, { why, ms }: Extract<Step, { do: 'pause' }>): string {
  const last = `${view.attempts} of ${view.maxAttempts}: ${reasonCode ?? why}`;
  return `${why === 'not-due' ? last : `${last}, ${why}`}, next in ${Math.ceil(ms / 1000)} s`;
}
