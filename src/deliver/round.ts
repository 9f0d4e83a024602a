import type { DeliveryState } from '../domain/delivery.ts';
import type { Step } from '../domain/step.ts';
import type { Settlement } from '../store/ledger/settle.ts';
import { waitForTurn } from '../store/waiting/lane.ts';
import { waitAtGate } from '../store/waiting/wait.ts';
import type { AttemptPlan } from './attempt-plan.ts';
import type { DeliverDeps } from './deps.ts';
import { noFiles, waitsForFiles } from './gather-files.ts';
import type { EndStep } from './next-step.ts';
import { isPartOnly } from './result.ts';
import { makeAttempt } from './send.ts';

/**
 * How long a round lasts at most, in milliseconds. The caller holds a workflow task's slot meanwhile. A send that takes
 * longer goes on after the round.
 */
export const roundMs = 2_000;

/** The band of runs that were started before runs carried a band. */
export const normalBand = 3;

/** What a round made of a delivery. It is in histories, so its fields only ever gain optional ones. */
export type RoundResult =
  | {
      readonly state: DeliveryState;
      /** What Temporal's pages say of a delivery that did not get through: the count and the code. */
      readonly note?: string;
    }
  /** It was sent, and PostgreSQL stayed away after that. */
  | { readonly unsettled: Settlement };

/**
 * Lets a delivery wait for its turn, or at a gate whose opening time is unknown, because a regular attempt could do
 * nothing else for it.
 * @returns undefined where it need not wait, or where that could not be written: then a regular attempt follows.
 */
export async function waitInstead(
  deps: DeliverDeps,
  { entry }: AttemptPlan,
  step: Step | EndStep,
): Promise<'waiting' | undefined> {
  if (step.do === 'wait-turn') return unlessRefused(waitForTurn(deps.sql, entry.id));
  if (step.do === 'wait-gate' && step.shut.ms === null)
    return unlessRefused(waitAtGate(deps.sql, entry.id, step.shut.gate, step.shut.why));
  return undefined;
}

/** `waiting` where the wait was written; undefined where it was not, for whatever reason. */
export async function unlessRefused(wait: Promise<boolean>): Promise<'waiting' | undefined> {
  try {
    return (await wait) ? 'waiting' : undefined;
  } catch {
    // PostgreSQL refused the write or is away. The regular attempt that follows meets the same error and reports it.
    return undefined;
  }
}

/**
 * Makes one attempt. Where it takes longer than the round it goes on, and a regular attempt finds it by `endOf`.
 * @param leave gives the place back.
 * @returns undefined where a regular attempt must follow: nothing was sent (not prepared in time, not claimed, or it
 *   has files to wait for), or a part was sent and others follow.
 */
export async function sendInRound(
  deps: DeliverDeps,
  plan: AttemptPlan,
  leave: () => void,
): Promise<RoundResult | undefined> {
  if (waitsForFiles(plan)) {
    leave();
    return undefined;
  }
  const sending = makeAttempt(deps, plan, noFiles, roundMs).finally(leave);
  deps.places.keep(plan.entry.id, sending);
  const sent = await sending;
  if (sent === undefined || sent.is === 'stopped') return undefined;
  if (sent.is === 'unsettled') return { unsettled: sent.settlement };
  const { written, attempt: made } = sent;
  if (isPartOnly(written.state, made)) return undefined;
  if (written.state === 'delivered') return { state: written.state };
  const count = `${made.number} of ${made.max}: ${made.code}`;
  return { state: written.state, note: `${plan.entry.destination}: ${count} → ${written.state}` };
}
