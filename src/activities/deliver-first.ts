import { destinationScope } from '../domain/gate.ts';
import type { DeliveryState } from '../domain/delivery.ts';
import type { DeliveryId, MessageId } from '../domain/ids.ts';
import type { Settlement } from '../store/settle.ts';
import { waitForTurn } from '../store/lane.ts';
import { waitAtGate } from '../store/waits.ts';
import type { ActivityDeps } from './index.ts';
import { stepOf, toJob, type Job } from './job.ts';
import { claimRequest, prepare, sendClaimed, type Sent } from './send-once.ts';

/** By delivery; one that is missing was not tried, or is still being sent, and is a regular activity's. */
export type FirstOutcomes = Readonly<Record<DeliveryId, FirstOutcome | { readonly unsettled: Settlement }>>;

export interface FirstOutcome {
  readonly state: DeliveryState;
  /** What Temporal's pages say of it where it was not delivered: count and code. */
  readonly note?: string;
}

/** A workflow task's slot is held no longer than this for a message, whatever its destinations do. */
const roundMs = 2_000;

/** Of runs that were started without one. */
const normalBand = 3;

interface Seat {
  readonly job: Job;
  readonly leave: () => void;
}

/**
 * The first round of a whole message, as one local activity: one claim for all that can go now and have a free place, and
 * a send each. It costs no event of its own, so it decides for itself whom it tries. A send that takes longer than
 * the round goes on here and settles by itself; the regular activity finds it (`FirstRound.endOf`).
 */
export function createDeliverFirst(deps: ActivityDeps) {
  return async function deliverFirst(message: MessageId, band = normalBand, deliveries = 1): Promise<FirstOutcomes> {
    if (deps.stopping.aborted) return {};
    const leave = await deps.firstRound.enter(band, deliveries);
    if (leave === undefined) return {};
    try {
      return await round(deps, message, band);
    } finally {
      leave();
    }
  };
}

async function round(deps: ActivityDeps, message: MessageId, band: number): Promise<FirstOutcomes> {
  const entries = await deps.ledger.readAll(message);
  const outcomes: Record<DeliveryId, FirstOutcome | { unsettled: Settlement }> = {};
  const found = await Promise.all(entries.map((entry) => findSeat(deps, toJob(deps, entry, deps.stopping), band)));
  const seats = found.flatMap((seat, index) => {
    const entry = entries[index];
    if (seat === 'waiting' && entry !== undefined) outcomes[entry.id] = { state: 'waiting' };
    return seat === undefined || seat === 'waiting' ? [] : [seat];
  });
  // The claims of those that are ready at the same time become one statement.
  const sends = seats.map(async ({ job, leave }) => {
    const sending = trySend(deps, job).finally(leave);
    deps.firstRound.keep(job.entry.id, sending);
    const sent = await sending;
    if (sent === undefined) return;
    if ('settled' in sent) sent.settled.next.forEach(deps.wake);
    outcomes[job.entry.id] = outcomeOf(job.entry.destination, sent);
  });
  await within(Promise.allSettled(sends));
  return { ...outcomes };
}

/** Undefined where it was not claimed, or not prepared in time. What is ready at the same time is claimed in one statement. */
async function trySend(deps: ActivityDeps, job: Job): Promise<Sent | undefined> {
  const prepared = await within(prepare(job));
  const claimed = prepared && (await deps.ledger.claim(claimRequest(deps, job)));
  return claimed && sendClaimed(deps, job, prepared, claimed);
}

/**
 * Only what needs no wait of any kind is tried here, and only where a place is free. What waits for its turn, or for a gate,
 * for nobody knows how long, is sent to wait there at once: a regular activity would find out no more.
 */
async function findSeat(deps: ActivityDeps, job: Job | undefined, band: number): Promise<Seat | 'waiting' | undefined> {
  if (job === undefined) return undefined;
  const { entry } = job;
  const step = stepOf(job);
  if (step.do === 'wait-turn') return orElse(waitForTurn(deps.sql, entry.id));
  if (step.do === 'wait-gate' && step.shut.ms === null)
    return orElse(waitAtGate(deps.sql, entry.id, step.shut.scope, step.shut.why));
  if (step.do !== 'send' || (entry.target?.rates ?? []).length > 0) return undefined;
  const leave = await deps.firstRound.take(`${entry.tenant} ${entry.destination}`, band);
  if (leave !== undefined) return { job, leave };
  // It has all that it gets of this worker and takes its time: the drain lets more through as it goes.
  return orElse(waitAtGate(deps.sql, entry.id, destinationScope(entry.destination), 'busy'));
}

/** A wait that could not be written is tried again by the regular activity: the others of the message hold seats by now. */
function orElse(wait: Promise<boolean>): Promise<'waiting' | undefined> {
  return wait.then(
    (isWaiting) => (isWaiting ? 'waiting' : undefined),
    () => undefined,
  );
}

function outcomeOf(destination: string, sent: Sent): FirstOutcome | { unsettled: Settlement } {
  if ('unsettled' in sent) return { unsettled: sent.unsettled };
  const { settled, attempt } = sent;
  const { state } = settled;
  if (state === 'delivered') return { state };
  return { state, note: `${destination}: ${attempt.number} of ${attempt.max}: ${attempt.code} → ${state}` };
}

/** Undefined when it takes longer than the round. */
async function within<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, roundMs, undefined);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
