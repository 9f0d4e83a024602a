import { destinationGate } from '../domain/gate.ts';
import type { DeliveryId, MessageId } from '../domain/ids.ts';
import { waitAtGate } from '../store/waiting/wait.ts';
import type { ActivityDeps } from '../activities/index.ts';
import { stepOf, toJob, type Job } from './attempt-plan.ts';
import { normalBand, orElse, roundMs, sendInRound, waitInstead, within, type Outcome } from './round.ts';

/** By delivery; one that is missing was not tried, or is still being sent, and is a regular activity's. */
export type FirstOutcomes = Readonly<Record<DeliveryId, Outcome>>;

interface Seat {
  readonly job: Job;
  readonly leave: () => void;
}

/**
 * The first round of a whole message: one claim for all that can go now and have a free place, and a send each. It costs
 * no event of its own, so it decides for itself whom it tries.
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
  const outcomes: Record<DeliveryId, Outcome> = {};
  const found = await Promise.all(entries.map((entry) => findSeat(deps, toJob(deps, entry, deps.stopping), band)));
  const seats = found.flatMap((seat, index) => {
    const entry = entries[index];
    if (seat === 'waiting' && entry !== undefined) outcomes[entry.id] = { state: 'waiting' };
    return seat === undefined || seat === 'waiting' ? [] : [seat];
  });
  const sends = seats.map(async ({ job, leave }) => {
    const outcome = await sendInRound(deps, job, leave);
    if (outcome !== undefined) outcomes[job.entry.id] = outcome;
  });
  await within(roundMs, Promise.allSettled(sends));
  return { ...outcomes };
}

/** Only what needs no wait of any kind is tried here, and only where a place is free. */
async function findSeat(deps: ActivityDeps, job: Job | undefined, band: number): Promise<Seat | 'waiting' | undefined> {
  if (job === undefined) return undefined;
  const { entry } = job;
  const step = stepOf(job);
  if (step.do !== 'send') return waitInstead(deps, job, step);
  if ((entry.target?.rates ?? []).length > 0) return undefined;
  const leave = await deps.firstRound.take(`${entry.tenant} ${entry.destination}`, band);
  if (leave !== undefined) return { job, leave };
  // It has all that it gets of this worker's first rounds and takes its time. One that its gate has called goes on as a
  // regular activity; for all others the drain makes way as it goes.
  if (entry.slot !== undefined) return undefined;
  return orElse(waitAtGate(deps.sql, entry.id, destinationGate(entry.destination), 'busy'));
}
