import type { Reason } from '../domain/failure.ts';
import { slotHorizonMs } from '../domain/gate.ts';
import type { DeliveryId } from '../domain/ids.ts';
import type { Step } from '../domain/step.ts';
import type { EndRequest } from '../store/ledger/end.ts';
import type { LedgerEntry } from '../store/ledger/ledger.ts';
import { waitForTurn } from '../store/waiting/lane.ts';
import { waitAtGate } from '../store/waiting/wait.ts';
import { planAttempt } from './attempt-plan.ts';
import type { DeliverDeps } from './deps.ts';
import { gatherFiles } from './gather-files.ts';
import { lookUp, settleLapsed } from './in-doubt.ts';
import { keepRates, type Slot } from './keep-rates.ts';
import { stepOf, type EndStep } from './next-step.ts';
import { again, resultOf, type DeliverResult } from './result.ts';
import { makeAttempt } from './send.ts';
import type { Sent } from './sent.ts';
import { sleep } from './time.ts';

/** A file that is not here yet is looked for again after this time. */
const filesPauseMs = 1_000;

/** A wait up to this length is slept here. A longer one costs the server a timer, but no slot of this worker. */
const shortPauseMs = 500;

/** A claim that was given back because the worker stopped is tried again after this time, by another worker. */
const stoppedPauseMs = 1_000;

const waiting: DeliverResult = { is: 'settled', state: 'waiting' };

/**
 * Does everything that can be done for one delivery now.
 *
 * What it guarantees:
 * - D1. Each pass reads the ledger and does the one step that the ledger says. So two calls may overlap, and a call may
 *   be repeated after a crash. Only a time slot that was taken is kept from one pass to the next.
 * - D2. Nothing is sent without a claim (L1). As far as a platform allows it, everything that can fail without having
 *   sent anything comes before the claim: files, people, rendering, tokens.
 * - D3. A wait costs no attempt. A pause up to 500 ms, and a time slot or a gate up to 2 s away, is slept here. A
 *   longer wait is given back to the caller.
 * - D4. An attempt that ends is settled, or handed to the caller as `unsettled` (L9), or given back unspent.
 * - D5. After an attempt that may have arrived, a message is sent again only where the recovery class, the
 *   destination's `ambiguous` setting or an operator's retry allows it (`nextStep`).
 *
 * @param signal stops everything but a request that is already written. Its reason is thrown.
 */
export async function deliver(deps: DeliverDeps, id: DeliveryId, signal: AbortSignal): Promise<DeliverResult> {
  let slot: Slot | undefined;
  for (;;) {
    signal.throwIfAborted();
    // A round of this worker may still be sending this delivery. Its outcome comes first.
    const sent = await deps.places.endOf(id, signal);
    if (sent?.is === 'unsettled') return sent;
    const entry = await deps.ledger.read(id);
    if (entry === undefined) return { is: 'missing', text: `${id}: there is no such delivery` };
    const plan = planAttempt(deps, entry, signal);
    if (plan === undefined) return endWithoutTarget(deps, entry);
    const step = stepOf(plan); // D5
    switch (step.do) {
      case 'nothing':
        return { is: 'settled', state: entry.view.state };
      case 'pause': // D3
        if (step.ms > shortPauseMs) return again(`${entry.destination}: ${pauseText(entry, step)}`, step.ms);
        await sleep(step.ms, signal);
        break;
      case 'wait-turn':
        if (await waitForTurn(deps.sql, id)) return waiting;
        break;
      case 'wait-gate': {
        const { gate, why, ms } = step.shut;
        if (ms !== null && ms <= slotHorizonMs) await sleep(ms, signal);
        else if (await waitAtGate(deps.sql, id, gate, why)) return waiting;
        break;
      }
      case 'lapse':
        await settleLapsed(deps, entry, plan);
        break;
      case 'look-up': {
        const files = await gatherFiles(deps, plan, signal);
        if (files === undefined) return filesOnTheirWay(entry);
        const found = await lookUp(deps, plan, files, step.final);
        if (found !== undefined) return found;
        break;
      }
      case 'park':
      case 'doubt':
      case 'expire':
      case 'cancel':
      case 'skip':
        return resultOf(entry, await deps.ledger.end({ delivery: id, ...endRequestOf(entry, step) }));
      case 'send': {
        const files = await gatherFiles(deps, plan, signal); // D2
        if (files === undefined) return filesOnTheirWay(entry);
        if (slot === undefined || slot.isOver()) {
          const taken = await keepRates(deps, entry);
          if (taken === 'full') return waiting;
          if (taken === 'moved') break;
          slot = taken;
          if (slot.waitMs > 0) {
            await sleep(slot.waitMs, signal);
            break; // Much may have happened meanwhile, such as a breaker that opened.
          }
        }
        const made = await makeAttempt(deps, plan, files);
        // Another process claimed this delivery first. The ledger says what is next.
        if (made === undefined) break;
        return resultOfAttempt(deps, entry, made);
      }
    }
  }
}

/** D4 */
function resultOfAttempt(deps: DeliverDeps, entry: LedgerEntry, sent: Sent): DeliverResult {
  if (sent.is === 'stopped')
    return again(`${entry.destination}: the worker stopped before anything was sent`, stoppedPauseMs);
  if (sent.is === 'unsettled') return sent;
  const { written, attempt } = sent;
  // History shows retries nowhere else, so the run is told of the first failure of a retry cycle.
  if (written.state === 'retrying' && attempt.number === entry.cycleStart + 1 && attempt.code !== 'delivered')
    deps.reportTrouble(entry.workflowId, entry.id);
  return resultOf(entry, written, attempt);
}

const filesOnTheirWay = ({ destination }: LedgerEntry): DeliverResult =>
  again(`${destination}: its files are on their way`, filesPauseMs);

type Ending = Extract<Step, { do: 'park' | 'doubt' | 'expire' | 'cancel' }> | EndStep;

const doubtTexts = {
  may_have_arrived: 'The destination forbids sending the message again.',
  expired_in_doubt: 'The message expired.',
  cancelled_in_doubt: 'The delivery was cancelled.',
} as const;

function endRequestOf({ view }: LedgerEntry, step: Ending): Omit<EndRequest, 'delivery'> {
  const made = `${view.attempts} of ${view.maxAttempts} attempts made`;
  switch (step.do) {
    case 'skip':
      return { state: 'skipped', reason: step.reason };
    case 'expire':
      return {
        state: 'expired',
        reason: { code: 'expired', message: `The message expired before it was delivered (${made}).` },
        ...(step.gaveUp === undefined ? {} : { gaveUp: step.gaveUp }),
      };
    case 'cancel':
      return { state: 'cancelled', reason: { code: 'cancelled', message: `Cancelled by request (${made}).` } };
    case 'doubt': {
      const { code, gaveUp } = step;
      const message = `${doubtTexts[code]} An attempt may have arrived (${made}).`;
      return { state: 'uncertain', reason: { code, message, ...(gaveUp === undefined ? {} : { gaveUp }) } };
    }
    case 'park': {
      if ('reason' in step) return { state: 'parked', reason: step.reason };
      const { code } = step;
      return { state: 'parked', reason: { code, message: `No further attempt: ${made}.` }, gaveUp: code };
    }
  }
}

/** A delivery whose destination or connector is not there cannot be sent. It waits for an operator. */
async function endWithoutTarget(deps: DeliverDeps, entry: LedgerEntry): Promise<DeliverResult> {
  if (entry.view.state === 'sending') {
    // A newer version, which knows the connector, may be sending it at this moment.
    const left = entry.view.claimMs ?? 0;
    if (left > 0) return again(`${entry.destination}: claim-live, again in ${Math.ceil(left)} ms`, left);
    await settleLapsed(deps, entry, undefined);
  }
  const reason: Reason =
    entry.target === undefined
      ? { code: 'destination_deleted', message: `The destination ${entry.destination} was deleted.` }
      : { code: 'unknown_connector', message: `This version has no connector ${entry.target.connector}.` };
  return resultOf(entry, await deps.ledger.end({ delivery: entry.id, state: 'parked', reason }));
}

/**
 * The text on Temporal's page of a pending activity: how many attempts were made, the last outcome, and what is next.
 */
function pauseText({ view, reasonCode }: LedgerEntry, { why, ms }: Extract<Step, { do: 'pause' }>): string {
  const last = `${view.attempts} of ${view.maxAttempts}: ${reasonCode ?? why}`;
  return `${why === 'not-due' ? last : `${last}, ${why}`}, next in ${Math.ceil(ms / 1000)} s`;
}
