import type { DeliveryId } from '../domain/ids.ts';
import { planAttempt } from './attempt-plan.ts';
import type { DeliverDeps } from './deps.ts';
import { keepRates, type Slot } from './keep-rates.ts';
import { stepOf } from './next-step.ts';
import { roundMs, sendInRound, waitInstead, type RoundResult } from './round.ts';
import { sleep, valueWithin } from './time.ts';

/**
 * The round of one delivery that waited at a gate and was called: it sleeps until its slot and is sent. A regular
 * activity would cost a second workflow task and six more events, half of everything that such a delivery costs.
 * @returns undefined where it was not tried, is still being sent, or needs another step: a regular attempt follows.
 */
export async function calledRound(deps: DeliverDeps, id: DeliveryId, band: number): Promise<RoundResult | undefined> {
  const leave = deps.stopping.aborted ? undefined : deps.places.enterCalled();
  if (leave === undefined) return undefined;
  try {
    return await valueWithin(roundMs, round(deps, id, band, performance.now() + roundMs));
  } finally {
    leave();
  }
}

async function round(
  deps: DeliverDeps,
  id: DeliveryId,
  band: number,
  endsAt: number,
): Promise<RoundResult | undefined> {
  let slot: Slot | undefined;
  for (;;) {
    const entry = await deps.ledger.read(id);
    const plan = entry && planAttempt(deps, entry, deps.stopping);
    if (plan === undefined || deps.stopping.aborted || performance.now() > endsAt) return undefined;
    const step = stepOf(plan);
    if (step.do === 'nothing') return { state: plan.entry.view.state };
    if (step.do !== 'send') {
      const waiting = await waitInstead(deps, plan, step);
      return waiting && { state: waiting };
    }
    if (slot === undefined || slot.isOver()) {
      const taken = await keepRates(deps, plan.entry);
      if (taken === 'full') return { state: 'waiting' };
      if (taken === 'moved' || taken.waitMs > endsAt - performance.now()) return undefined;
      slot = taken;
      if (slot.waitMs > 0) {
        await sleep(slot.waitMs);
        continue; // Much may have happened meanwhile, such as a breaker that opened.
      }
    }
    const leave = await deps.places.take(`${plan.entry.tenant} ${plan.entry.destination}`, band);
    return leave && sendInRound(deps, plan, leave);
  }
}
