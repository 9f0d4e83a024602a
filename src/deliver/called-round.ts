import type { DeliveryId } from '../domain/ids.ts';
import type { ActivityDeps } from '../activities/index.ts';
import { stepOf, toJob } from './attempt-plan.ts';
import { keepRates, type Slot } from './keep-rates.ts';
import { normalBand, roundMs, sendInRound, waitInstead, within, type Outcome } from './round.ts';

/**
 * The round of a delivery that waited and was called: it sleeps until its slot, and is sent. As a regular activity it costs
 * a second workflow task and six events more, half of all that such a delivery costs.
 * @returns undefined where it was not tried, is still being sent, or wants something else: a regular activity goes on.
 */
export function createDeliverCalled(deps: ActivityDeps) {
  return async function deliverCalled(id: DeliveryId, band = normalBand): Promise<Outcome | undefined> {
    const leave = deps.stopping.aborted ? undefined : deps.firstRound.enterCalled();
    if (leave === undefined) return undefined;
    try {
      return await within(roundMs, round(deps, id, band, performance.now() + roundMs));
    } finally {
      leave();
    }
  };
}

async function round(deps: ActivityDeps, id: DeliveryId, band: number, endsAt: number): Promise<Outcome | undefined> {
  let slot: Slot | undefined;
  for (;;) {
    const entry = await deps.ledger.read(id);
    const job = entry && toJob(deps, entry, deps.stopping);
    if (job === undefined || deps.stopping.aborted || performance.now() > endsAt) return undefined;
    const step = stepOf(job);
    if (step.do === 'nothing') return { state: job.entry.view.state };
    if (step.do !== 'send') {
      const waits = await waitInstead(deps, job, step);
      return waits && { state: waits };
    }
    if (slot === undefined || slot.isOver()) {
      const had = await keepRates(deps, job.entry);
      if (had === 'full') return { state: 'waiting' };
      if (had === 'moved' || had.waitMs > endsAt - performance.now()) return undefined;
      slot = had;
      if (slot.waitMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, Math.ceil(had.waitMs)));
        continue; // much may have happened meanwhile, such as an opened breaker
      }
    }
    const leave = await deps.firstRound.take(`${job.entry.tenant} ${job.entry.destination}`, band);
    return leave && sendInRound(deps, job, leave);
  }
}
