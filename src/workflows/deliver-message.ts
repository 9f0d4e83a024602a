import {
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { isFinal, isOpen, type DeliveryState } from '../domain/delivery.ts';
import {
  cancelSignal,
  retrySignal,
  statusQuery,
  troubleSignal,
  turnSignal,
  type DeliverMessageInput,
  type DeliverMessageResult,
  type DeliveryStatus,
  type RunDelivery,
  type CommandArgument,
} from '../contract.ts';
import { attempt, calledRound, firstRound, type Known } from './attempt.ts';
import { TroubleAttributes } from './trouble.ts';

const { applyWish } = proxyActivities<Activities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
});

/** How long a run stays open for a parked delivery; its end changes no state, and a retry later starts a new run. */
const parkedFor = '7 days';

/**
 * A run that was asked for so much goes on as a new one. Events of a run without trouble: 6 with the first round, 11 and
 * 3 for each further destination without it; a wait adds 5, a command 12, retries none. The server warns at 10 240.
 */
const maxEvents = 1_000;

interface Track extends RunDelivery {
  state: DeliveryState;
  /** Something happened to it: look at the ledger again. Remembered when it comes early. */
  woken: boolean;
  followed: boolean;
  /** Around the pending activity, so that a command can withdraw one that waits out its backoff. */
  scope: CancellationScope | undefined;
}

interface Command {
  readonly kind: 'retry' | 'cancel';
  readonly argument: CommandArgument;
}

/**
 * Delivers one message to all its destinations, each on its own. It keeps no truth: every step asks the ledger in
 * PostgreSQL, so a second run of the same message, or one that starts in the middle, does only what is open there.
 */
export async function deliverMessage(input: DeliverMessageInput): Promise<DeliverMessageResult> {
  const tracks = new Map<string, Track>(
    input.deliveries.map((delivery) => [
      delivery.id,
      { ...delivery, state: 'queued', woken: false, followed: false, scope: undefined },
    ]),
  );
  const commands: Command[] = [];
  const trouble = new TroubleAttributes();
  const status = (): DeliveryStatus[] =>
    [...tracks.values()].map(({ id, destination, state }) => ({ delivery: id, destination, state }));
  let wasCancelled = false;
  let hasBegun = false;
  let isLeaving = false;
  let isCalling = false;
  const outer = CancellationScope.current();
  let defect: unknown;

  // Handlers must never throw: a signal that does jams the run for good. So anything at all may come in.
  setHandler(statusQuery, status);
  setHandler(retrySignal, (argument) => void commands.push({ kind: 'retry', argument: readable(argument) }));
  setHandler(cancelSignal, (argument) => void commands.push({ kind: 'cancel', argument: readable(argument) }));
  setHandler(turnSignal, (argument) => {
    const track = tracks.get(String(readable(argument).delivery));
    for (const one of track === undefined ? tracks.values() : [track]) {
      one.woken = true;
      // Its time as a parked one was over, and the ledger says that it is not: somebody has retried it.
      if (hasBegun && !one.followed && !isFinal(one.state) && patched('turn-follows-again')) start(one);
    }
  });
  setHandler(troubleSignal, (argument) => {
    const track = tracks.get(String(readable(argument).delivery));
    if (track?.followed !== true || isFinal(track.state)) return;
    track.state = 'retrying';
    trouble.show(status());
  });

  /**
   * One called round at a time. In history two local activities end one after the other; replayed, both results come at
   * once, and what follows from them in another order. A condition is looked at only when all that follows has been said.
   */
  async function takeCall(track: Track): Promise<Known | undefined> {
    while (isCalling) await condition(() => !isCalling);
    isCalling = true;
    try {
      return await calledRound(track, input.band);
    } finally {
      isCalling = false;
    }
  }

  /** @param known the state that the first round brought it to. */
  async function follow(track: Track, known: Known | undefined): Promise<void> {
    for (let first = known, hasWaited = false; ; first = undefined) {
      // One that the first round sent to wait may have been called before that round was over.
      if (first?.state !== 'waiting') track.woken = false;
      const round: Known | undefined = hasWaited && input.express === true ? await takeCall(track) : first;
      if (isLeaving && round === undefined) return; // the next run begins what this one would
      try {
        track.state = await (round?.state ?? (track.scope = new CancellationScope()).run(() => attempt(track)));
      } catch (error) {
        if (!isCancellation(error)) throw error;
        if (isLeaving) return;
        continue; // withdrawn by a command, which the ledger already knows
      } finally {
        track.scope = undefined;
      }
      trouble.show(status());
      if (isFinal(track.state) || isLeaving) return;
      hasWaited = track.state === 'waiting';
      const isCalled = (): boolean => track.woken || isLeaving;
      if (track.state === 'waiting' || (input.untilHandled === true && !isOpen(track.state))) await condition(isCalled);
      else if (isOpen(track.state))
        continue; // withdrawn while it was running: the ledger says what is next
      else if (
        !(await condition(isCalled, parkedFor, { summary: round?.note ?? `${track.destination} is ${track.state}` }))
      )
        return;
      if (isLeaving) return;
    }
  }

  function start(track: Track, known?: Known): void {
    track.followed = true;
    follow(track, known)
      .catch((error: unknown) => (defect ??= error))
      .finally(() => (track.followed = false));
  }

  /** Into the ledger, where every run finds it. */
  function write({ kind, argument }: Command): ReturnType<Activities['applyWish']> {
    const { destination, by, reason } = argument;
    return applyWish({
      kind,
      tenant: input.tenant,
      message: input.message,
      ...(destination === undefined ? {} : { destination }),
      ...(by === undefined ? {} : { by }),
      ...(reason === undefined ? {} : { reason }),
    });
  }

  async function grant(command: Command): Promise<void> {
    for (const { delivery, state } of await write(command)) {
      const track = tracks.get(delivery);
      if (track === undefined) continue;
      track.woken = true;
      track.scope?.cancel();
      if (track.followed) continue;
      track.state = state;
      if (!isFinal(state)) start(track);
    }
  }

  /** What is pending is withdrawn, what is running ends first; the ledger tells the next run where to go on. */
  async function leave(): Promise<never> {
    isLeaving = true;
    for (const track of tracks.values()) track.scope?.cancel();
    await condition(() => [...tracks.values()].every(({ followed }) => !followed));
    // What was commanded meanwhile would end with this run.
    for (let command = commands.shift(); command !== undefined; command = commands.shift()) await write(command);
    const { express: _, ...again } = input;
    return continueAsNew<typeof deliverMessage>(again);
  }

  return CancellationScope.nonCancellable(async () => {
    // Temporal's own Cancel is a command like any other, and the run goes on until it is settled.
    outer.cancelRequested.catch(() => {
      wasCancelled = true;
      commands.push({ kind: 'cancel', argument: { by: 'temporal' } });
    });
    const known =
      input.express === true ? await firstRound(input.message, tracks.size, input.band) : new Map<string, Known>();
    for (const track of tracks.values()) {
      const first = known.get(track.id);
      // Each promise of a workflow costs a stack trace in the SDK, about 0.05 ms: none for what has ended already.
      if (typeof first?.state === 'string' && isFinal(first.state)) track.state = first.state;
      else start(track, first);
    }
    trouble.show(status());
    hasBegun = true;
    const isDone = (): boolean => [...tracks.values()].every(({ followed }) => !followed);
    const isTooLong = (): boolean => !wasCancelled && workflowInfo().historyLength > maxEvents;
    for (;;) {
      if (!isDone()) await condition(() => defect !== undefined || commands.length > 0 || isDone() || isTooLong());
      if (defect !== undefined) throw defect;
      const command = commands.shift();
      if (command !== undefined) await grant(command);
      else if (isDone()) break;
      else if (patched('continue-as-new')) return leave();
      else await condition(() => defect !== undefined || commands.length > 0 || isDone());
    }
    trouble.end(status(), wasCancelled);
    if (wasCancelled) throw new CancelledFailure('Cancelled in Temporal; its deliveries are settled.');
    return count(status());
  });
}

/** Whatever came as a signal's argument: an object's fields are looked at one by one, all else means none. */
function readable<T extends object>(argument: T | undefined): Partial<T> {
  if (typeof argument !== 'object' || argument === null) return {};
  const strings = Object.entries(argument).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(strings) as Partial<T>;
}

function count(deliveries: readonly DeliveryStatus[]): DeliverMessageResult {
  const result: DeliverMessageResult = {};
  for (const { state } of deliveries) result[state] = (result[state] ?? 0) + 1;
  return result;
}
