import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Connector, Outgoing, SendContext } from '../connectors/connector.ts';
import type { DeliveryState } from '../domain/delivery.ts';
import type { DeliveryId } from '../domain/ids.ts';
import { nextStep } from '../domain/step.ts';
import { waitForTurn } from '../store/lane.ts';
import { readLedger, type LedgerEntry } from '../store/ledger.ts';
import { rest, settle, type Settled, type Settlement } from '../store/settle.ts';
import { parked, tryAgain } from './failure.ts';
import type { ActivityDeps } from './index.ts';
import { lookUp } from './look-up.ts';
import { sendOnce } from './send-once.ts';

export type DeliverOutcome =
  | { readonly state: DeliveryState; readonly nativeId?: string }
  /** PostgreSQL stayed away after the send: the run must write this later. */
  | { readonly unsettled: Settlement };

/** One delivery as an attempt holds it. */
export interface Job {
  readonly entry: LedgerEntry;
  readonly connector: Connector;
  readonly outgoing: Outgoing;
  readonly context: Omit<SendContext, 'attempt'>;
}

/** Waits up to this long are slept here; longer ones cost the server a timer, but no slot of this worker. */
const shortPauseMs = 500;

/**
 * Takes one delivery as far as it goes now: prepare → claim → send → settle, or whatever else the ledger says is next.
 * Safe to run twice, at once, or again after a crash: `nextStep` reads everything from the ledger.
 * @returns the state it came to rest in, or `waiting` until a signal.
 * @throws ApplicationFailure retryable with its delay when there is more to do later, non-retryable when it is parked.
 */
export function createDeliver(deps: ActivityDeps) {
  return async function deliver(id: DeliveryId): Promise<DeliverOutcome> {
    const signal = Context.current().cancellationSignal;
    for (;;) {
      signal.throwIfAborted();
      const entry = await readLedger(deps.sql, deps.ring, id);
      if (entry === undefined)
        throw ApplicationFailure.nonRetryable(`${id}: there is no such delivery`, 'NoSuchDelivery');
      const connector = entry.target === undefined ? undefined : deps.connectors.get(entry.target.connector);
      if (entry.target === undefined || connector === undefined) return restWithout(deps, entry);
      const job = toJob(deps, entry, entry.target, connector, signal);
      const step = nextStep(
        entry.view,
        connector.deliveryClass(job.outgoing, job.outgoing.action.kind),
        entry.target.ambiguous,
      );
      switch (step.do) {
        case 'nothing':
          return { state: entry.view.state };
        case 'pause':
          if (step.ms > shortPauseMs)
            throw tryAgain(`${entry.destination}: ${step.why}, again in ${step.ms} ms`, step.ms);
          await Context.current().sleep(Math.max(1, Math.ceil(step.ms)));
          break;
        case 'wait-turn':
          if (await waitForTurn(deps.sql, id)) return { state: 'waiting' };
          break;
        case 'lapse':
          await lapse(deps, entry);
          break;
        case 'look-up': {
          const found = await lookUp(deps, job, step.final);
          if (found !== undefined) return conclude(deps, entry, found);
          break;
        }
        case 'park':
        case 'doubt':
          return conclude(deps, entry, await rest(deps.sql, restOf(entry, step)));
        case 'send': {
          const sent = await sendOnce(deps, job);
          if (sent === 'not-claimed') break; // somebody was faster: the ledger says what is next
          if ('unsettled' in sent) return sent;
          return conclude(deps, entry, sent.settled, sent.attempt);
        }
      }
    }
  };
}

function toJob(
  deps: ActivityDeps,
  entry: LedgerEntry,
  target: NonNullable<LedgerEntry['target']>,
  connector: Connector,
  signal: AbortSignal,
): Job {
  return {
    entry,
    connector,
    outgoing: {
      delivery: entry.id,
      action: { kind: 'create' },
      message: entry.message,
      connection: { id: target.connection, settings: target.settings },
      destination: { id: entry.destination, address: target.address },
    },
    context: { http: deps.http, now: new Date(), timeoutMs: entry.timeoutMs, signal },
  };
}

/** Its process died, or lost its way, between claim and settle: nobody knows whether the platform has it. */
async function lapse(deps: ActivityDeps, entry: LedgerEntry): Promise<void> {
  if (entry.claimToken === null) throw new Error(`${entry.id}: sending without a claim`);
  await settle(deps.sql, {
    kind: 'failed',
    delivery: entry.id,
    token: entry.claimToken,
    outcome: 'unknown',
    // Whether it may be sent again is decided by `nextStep` once the claim is gone, or below for class C.
    verdict: lapseVerdict(deps, entry),
    reason: {
      code: 'worker_lost',
      message: 'The process that was sending it ended before it could say what happened.',
    },
  });
}

function lapseVerdict(deps: ActivityDeps, entry: LedgerEntry) {
  const target = entry.target;
  const connector = target === undefined ? undefined : deps.connectors.get(target.connector);
  const isUncertain =
    target?.ambiguous === 'at-most-once' &&
    connector?.deliveryClass(
      {
        connection: { id: target.connection, settings: target.settings },
        destination: { id: entry.destination, address: target.address },
      },
      'create',
    ).kind === 'C';
  return isUncertain
    ? ({ state: 'uncertain', inDoubt: true } as const)
    : ({ state: 'retrying', delayMs: 1, inDoubt: true } as const);
}

function restOf(entry: LedgerEntry, step: { do: 'park'; code: string } | { do: 'doubt' }) {
  const made = `${entry.view.attempts} of ${entry.view.maxAttempts} attempts made`;
  if (step.do === 'doubt')
    return {
      delivery: entry.id,
      state: 'uncertain' as const,
      reason: { code: 'may_have_arrived', message: `It may have arrived, and may not be sent twice (${made}).` },
    };
  const mayHaveArrived = entry.view.inDoubtMs === null ? '' : ' An attempt may have arrived.';
  return {
    delivery: entry.id,
    state: 'parked' as const,
    reason: { code: step.code, message: `No further attempt: ${made}.${mayHaveArrived}` },
  };
}

/** Without its destination or connector there is nobody to send to: it waits for an operator. */
async function restWithout(deps: ActivityDeps, entry: LedgerEntry): Promise<DeliverOutcome> {
  if (entry.view.state === 'sending') {
    // A newer version, which knows the connector, may be sending it at this moment.
    const left = entry.view.claimMs ?? 0;
    if (left > 0) throw tryAgain(`${entry.destination}: claim-live, again in ${Math.ceil(left)} ms`, left);
    await lapse(deps, entry);
  }
  const reason =
    entry.target === undefined
      ? { code: 'destination_deleted', message: `The destination ${entry.destination} was deleted.` }
      : { code: 'unknown_connector', message: `This version has no connector ${entry.target.connector}.` };
  return conclude(deps, entry, await rest(deps.sql, { delivery: entry.id, state: 'parked', reason }));
}

/** Wakes who is next, and says the outcome in Temporal's terms. */
function conclude(
  deps: ActivityDeps,
  entry: LedgerEntry,
  settled: Settled,
  attempt?: { readonly number: number; readonly max: number; readonly code: string; readonly status?: number },
): DeliverOutcome {
  if (settled.next !== undefined) deps.wake(settled.next);
  const { state, delayMs } = settled;
  const count = attempt === undefined ? '' : ` ${attempt.number} of ${attempt.max}: ${attempt.code}`;
  if (state === 'retrying') {
    if (attempt?.number === entry.roundStart + 1) deps.reportTrouble(entry.workflowId, entry.id);
    throw tryAgain(`${entry.destination}:${count}, next in ${Math.ceil((delayMs ?? 0) / 1000)} s`, delayMs ?? 1);
  }
  if (state === 'parked' || state === 'uncertain')
    throw parked(`${entry.destination}:${count} → ${state}`, state, { code: attempt?.code ?? state, message: '' });
  return { state };
}
