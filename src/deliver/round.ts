import type { DeliveryState } from '../domain/delivery.ts';
import { isPartOnly } from './conclude.ts';
import { waitForTurn } from '../store/waiting/lane.ts';
import type { Settlement } from '../store/ledger/settle.ts';
import { waitAtGate } from '../store/waiting/wait.ts';
import type { ActivityDeps } from '../activities/index.ts';
import type { Job, stepOf } from './attempt-plan.ts';
import { waitsForFiles } from './with-files.ts';
import { claimRequest, prepare, sendClaimed, type Sent } from './send.ts';

/**
 * A round is what a workflow task does by itself, as a local activity: no event of its own, but a task's slot is held
 * meanwhile. So it takes no longer than this, whatever the destinations do.
 */
export const roundMs = 2_000;

/** Of runs that were started without a band. */
export const normalBand = 3;

/** What a round made of a delivery. */
export type Outcome =
  | {
      readonly state: DeliveryState;
      /** What Temporal's pages say of it where it was not delivered: count and code. */
      readonly note?: string;
    }
  /** It was sent, and PostgreSQL stayed away after that. */
  | { readonly unsettled: Settlement };

/**
 * What waits for its turn, or at a gate for nobody knows how long, is sent to wait there at once: a regular activity would
 * find out no more.
 * @returns undefined where it need not wait, or that could not be written: then a regular activity tries again.
 */
export async function waitInstead(
  deps: ActivityDeps,
  { entry }: Job,
  step: ReturnType<typeof stepOf>,
): Promise<'waiting' | undefined> {
  if (step.do === 'wait-turn') return orElse(waitForTurn(deps.sql, entry.id));
  if (step.do === 'wait-gate' && step.shut.ms === null)
    return orElse(waitAtGate(deps.sql, entry.id, step.shut.gate, step.shut.why));
  return undefined;
}

export function orElse(wait: Promise<boolean>): Promise<'waiting' | undefined> {
  return wait.then(
    (isWaiting) => (isWaiting ? 'waiting' : undefined),
    () => undefined,
  );
}

/**
 * One attempt, which goes on here after the round where it takes longer; a regular activity finds it by `endOf`.
 * @returns undefined where nothing was sent: not prepared in time, or not claimed, or with a file; and where a part was, with
 * more to come.
 */
export async function sendInRound(deps: ActivityDeps, job: Job, leave: () => void): Promise<Outcome | undefined> {
  if (waitsForFiles(job)) {
    leave();
    return undefined;
  }
  const sending = trySend(deps, job).finally(leave);
  deps.firstRound.keep(job.entry.id, sending);
  const sent = await sending;
  if (sent === undefined) return undefined;
  if ('unsettled' in sent) return { unsettled: sent.unsettled };
  const { settled, attempt } = sent;
  settled.next.forEach(deps.wake);
  // A part of it: a regular activity goes on with the next, since a round has no time for all of them.
  if (isPartOnly(settled, attempt)) return undefined;
  if (settled.state === 'delivered') return { state: settled.state };
  const made = `${attempt.number} of ${attempt.max}: ${attempt.code}`;
  return { state: settled.state, note: `${job.entry.destination}: ${made} → ${settled.state}` };
}

/** What is ready at the same time is claimed in one statement. */
async function trySend(deps: ActivityDeps, job: Job): Promise<Sent | undefined> {
  const prepared = await within(roundMs, prepare(deps, job));
  const claimed = prepared && (await deps.ledger.claim(claimRequest(deps, prepared)));
  return claimed && sendClaimed(deps, prepared, claimed);
}

/** Undefined when it takes longer. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
