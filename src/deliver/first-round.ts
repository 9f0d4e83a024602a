import type { DeliveryId, MessageId } from '../domain/ids.ts';
import { destinationGate } from '../domain/gate.ts';
import { waitAtGate } from '../store/waiting/wait.ts';
import { planAttempt, type AttemptPlan } from './attempt-plan.ts';
import type { DeliverDeps } from './deps.ts';
import { stepOf } from './next-step.ts';
import { roundMs, sendInRound, unlessRefused, waitInstead, type RoundResult } from './round.ts';
import { valueWithin } from './time.ts';

/** By delivery. A delivery that is missing here was not tried, or is still being sent: a regular attempt follows. */
export type RoundResults = Readonly<Record<DeliveryId, RoundResult>>;

/** A delivery that may be sent in this round, and its place. */
interface Seated {
  readonly plan: AttemptPlan;
  readonly leave: () => void;
}

/**
 * The first round of a whole message: one attempt for each delivery that can go now and has a free place. Attempts that
 * are ready at the same time are claimed in one statement.
 * @param band 1 critical … 4 low; more urgent messages get places first.
 * @param deliveries how many deliveries the message has.
 */
export async function firstRound(
  deps: DeliverDeps,
  message: MessageId,
  band: number,
  deliveries: number,
): Promise<RoundResults> {
  if (deps.stopping.aborted) return {};
  const leave = await deps.places.enter(band, deliveries);
  if (leave === undefined) return {};
  try {
    return await round(deps, message, band);
  } finally {
    leave();
  }
}

async function round(deps: DeliverDeps, message: MessageId, band: number): Promise<RoundResults> {
  const entries = await deps.ledger.readAll(message);
  const results: Record<DeliveryId, RoundResult> = {};
  const found = await Promise.all(entries.map((entry) => seat(deps, planAttempt(deps, entry, deps.stopping), band)));
  const seated = found.flatMap((one, index) => {
    const entry = entries[index];
    if (one === 'waiting' && entry !== undefined) results[entry.id] = { state: 'waiting' };
    return one === undefined || one === 'waiting' ? [] : [one];
  });
  const sends = seated.map(async ({ plan, leave }) => {
    const result = await sendInRound(deps, plan, leave);
    if (result !== undefined) results[plan.entry.id] = result;
  });
  await valueWithin(roundMs, Promise.allSettled(sends));
  // A copy, because sends that take longer than the round still write into `results`.
  return { ...results };
}

/**
 * Gives a place to a delivery that needs no wait of any kind.
 * @returns undefined where it is left to a regular attempt.
 */
async function seat(
  deps: DeliverDeps,
  plan: AttemptPlan | undefined,
  band: number,
): Promise<Seated | 'waiting' | undefined> {
  if (plan === undefined) return undefined;
  const { entry } = plan;
  const step = stepOf(plan);
  if (step.do !== 'send') return waitInstead(deps, plan, step);
  if ((entry.target?.rates ?? []).length > 0) return undefined;
  const leave = await deps.places.take(`${entry.tenant} ${entry.destination}`, band);
  if (leave !== undefined) return { plan, leave };
  // All places that this worker's rounds give the destination are taken, and none came free in 500 ms. A delivery that
  // its gate called goes on as a regular attempt. All others wait at the gate, and the drain lets them through as
  // places come free.
  if (entry.slot !== undefined) return undefined;
  return unlessRefused(waitAtGate(deps.sql, entry.id, destinationGate(entry.destination), 'busy'));
}
