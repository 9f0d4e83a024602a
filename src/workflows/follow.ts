import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { usualClocks } from '../domain/clocks.ts';
import { isFinal, isOpen } from '../domain/delivery.ts';
import { attempt, calledRound, type Known } from './attempt.ts';
import { statusOf, type RunState, type Track } from './run-state.ts';

/**
 * Begins to follow a delivery until it is final, or has been parked for `usualClocks.parkedMs`. The end of the run
 * changes no state, and a later retry starts a new run (W6).
 * @param known the state that the first round brought it to.
 */
export function startFollowing(run: RunState, track: Track, known?: Known): void {
  track.isFollowed = true;
  follow(run, track, known)
    .catch((error: unknown) => (run.defect ??= error))
    .finally(() => (track.isFollowed = false));
}

async function follow(run: RunState, track: Track, known: Known | undefined): Promise<void> {
  const { input, trouble } = run;
  const isLeaving = (): boolean => run.phase === 'leaving';
  for (let first = known, hasWaited = false; ; first = undefined) {
    // A delivery that the first round sent to wait may have been woken before that round was over.
    if (first?.state !== 'waiting') track.isWoken = false;
    const round: Known | undefined = hasWaited && input.express === true ? await takeCall(run, track) : first;
    if (isLeaving() && round === undefined) return; // the next run makes this attempt
    try {
      track.state = await (round?.state ?? (track.scope = new CancellationScope()).run(() => attempt(track)));
    } catch (error) {
      if (!isCancellation(error)) throw error;
      if (isLeaving()) return;
      continue; // a command withdrew the activity; the ledger knows the command already
    } finally {
      track.scope = undefined;
    }
    trouble.show(statusOf(run));
    if (isFinal(track.state) || isLeaving()) return;
    hasWaited = track.state === 'waiting';
    const isWoken = (): boolean => track.isWoken || isLeaving();
    if (track.state === 'waiting' || (input.untilHandled === true && !isOpen(track.state))) await condition(isWoken);
    else if (isOpen(track.state))
      continue; // a command withdrew the activity while it ran; the ledger says what is next
    else if (
      !(await condition(isWoken, usualClocks.parkedMs, {
        summary: round?.note ?? `${track.destination} is ${track.state}`,
      }))
    )
      return;
    if (isLeaving()) return;
  }
}

/**
 * Makes the called round of a delivery that was woken, one such round at a time. While a run is live, two local
 * activities end one after the other. In a replay both results arrive in one activation, and the code after them would
 * run in another order than it did live. Conditions are evaluated last, so waiting for one keeps the order.
 */
async function takeCall(run: RunState, track: Track): Promise<Known | undefined> {
  while (run.isCalling) await condition(() => !run.isCalling);
  run.isCalling = true;
  try {
    return await calledRound(track, run.input.band);
  } finally {
    run.isCalling = false;
  }
}
