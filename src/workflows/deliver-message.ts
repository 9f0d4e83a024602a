import {
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  patched,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import {
  cancelSignal,
  retrySignal,
  statusQuery,
  troubleSignal,
  turnSignal,
  type DeliverMessageInput,
  type DeliverMessageResult,
  type DeliveryStatus,
} from '../contract.ts';
import { isFinal } from '../domain/delivery.ts';
import { firstRound, type Known } from './attempt.ts';
import { startFollowing } from './follow.ts';
import { isDone, newRun, statusOf, type Command, type RunState } from './run-state.ts';

const { applyWish: applyCommand } = proxyActivities<Activities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
});

/**
 * W7: a run with more events goes on as a new one. A run without trouble has 6 events with the first round, and without
 * it 11 and 3 for each further destination. A wait adds 5, a command 12, a retry none. The server warns at 10 240.
 */
const maxEvents = 1_000;

/**
 * Delivers one message to all its destinations, each on its own.
 *
 * What a run guarantees:
 * - W1. It keeps no truth. Each step asks the ledger, so a second run of the same message, or one that starts in the
 *   middle, does only what is open there.
 * - W2. Its history holds ids, states, codes, receipts and the reasons of commands, and nothing of what the message
 *   says.
 * - W3. No signal makes it fail, whatever its argument is. A handler that throws would jam the run for good.
 * - W4. A command is written to the ledger before the run acts on it, wherever it came from: the API, a signal from
 *   Temporal's pages, or Temporal's own Cancel. A pending activity is withdrawn; a running one is waited for, and its
 *   outcome counts.
 * - W5. Retries are Temporal's, without an event each. The ledger counts them and says when to stop.
 * - W6. A parked delivery keeps the run open for 7 days, or until it is handled where the message's class is `must`.
 *   The end of the run changes no state.
 * - W7. A run with a long history goes on as a new run, after its running attempts have ended.
 * - W8. Every history that was ever recorded replays: each change of commands is behind `patched` or an optional input
 *   field.
 */
export async function deliverMessage(input: DeliverMessageInput): Promise<DeliverMessageResult> {
  const run = newRun(input);
  const outer = CancellationScope.current();
  handleMessages(run);
  return CancellationScope.nonCancellable(async () => {
    // W4: the run goes on until everything is settled.
    outer.cancelRequested.catch(() => {
      run.wasCancelled = true;
      run.commands.push({ kind: 'cancel', argument: { by: 'temporal' } });
    });
    return main(run);
  });
}

// ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Signals change `run`, which `main` and `follow` see in their conditions. Two of them act at once: `turn` and
 * `trouble`.
 */
function handleMessages(run: RunState): void {
  const { commands, tracks, trouble } = run;
  setHandler(statusQuery, () => statusOf(run));
  setHandler(retrySignal, (argument) => void commands.push({ kind: 'retry', argument: readable(argument) }));
  setHandler(cancelSignal, (argument) => void commands.push({ kind: 'cancel', argument: readable(argument) }));
  setHandler(turnSignal, (argument) => {
    const track = tracks.get(String(readable(argument).delivery));
    for (const one of track === undefined ? tracks.values() : [track]) {
      one.isWoken = true;
      // The run had stopped waiting for this parked delivery (W6), and an operator has retried it since.
      if (run.phase !== 'first-round' && !one.isFollowed && !isFinal(one.state) && patched('turn-follows-again'))
        startFollowing(run, one);
    }
  });
  setHandler(troubleSignal, (argument) => {
    const track = tracks.get(String(readable(argument).delivery));
    if (track?.isFollowed !== true || isFinal(track.state)) return;
    track.state = 'retrying';
    trouble.show(statusOf(run));
  });
}

/**
 * W3: the text fields of an object that came as a signal's argument. Anything else counts as no argument. PostgreSQL
 * refuses a text with a NUL character, and the run would try to write it for ever.
 */
function readable<T extends object>(argument: T | undefined): Partial<T> {
  if (typeof argument !== 'object' || argument === null) return {};
  const strings = Object.entries(argument).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value.replaceAll('\u0000', '\uFFFD')]] : [],
  );
  return Object.fromEntries(strings) as Partial<T>;
}

// ── Main ────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function main(run: RunState): Promise<DeliverMessageResult> {
  const { input, tracks, commands, trouble } = run;
  const known =
    input.express === true ? await firstRound(input.message, tracks.size, input.band) : new Map<string, Known>();
  for (const track of tracks.values()) {
    const first = known.get(track.id);
    // Each promise of a workflow costs a stack trace in the SDK, about 0.05 ms. A delivery that has ended needs none.
    if (typeof first?.state === 'string' && isFinal(first.state)) track.state = first.state;
    else startFollowing(run, track, first);
  }
  trouble.show(statusOf(run));
  run.phase = 'following';
  const hasNews = (): boolean => run.defect !== undefined || commands.length > 0 || isDone(run);
  const isTooLong = (): boolean => !run.wasCancelled && workflowInfo().historyLength > maxEvents;
  for (;;) {
    if (!isDone(run)) await condition(() => hasNews() || isTooLong());
    if (run.defect !== undefined) throw run.defect;
    const command = commands.shift();
    if (command !== undefined) await carryOut(run, command);
    else if (isDone(run)) break;
    else if (patched('continue-as-new')) return leave(run);
    else await condition(hasNews);
  }
  trouble.end(statusOf(run), run.wasCancelled);
  if (run.wasCancelled) throw new CancelledFailure('Cancelled in Temporal; its deliveries are settled.');
  return count(statusOf(run));
}

/** W4 */
async function carryOut(run: RunState, command: Command): Promise<void> {
  for (const { delivery, state } of await write(run, command)) {
    const track = run.tracks.get(delivery);
    if (track === undefined) continue;
    track.isWoken = true;
    track.scope?.cancel();
    if (track.isFollowed) continue;
    track.state = state;
    if (!isFinal(state)) startFollowing(run, track);
  }
}

/** Writes a command to the ledger, where every run finds it. */
function write({ input }: RunState, { kind, argument }: Command): ReturnType<Activities['applyWish']> {
  const { destination, by, reason } = argument;
  return applyCommand({
    kind,
    tenant: input.tenant,
    message: input.message,
    ...(destination === undefined ? {} : { destination }),
    ...(by === undefined ? {} : { by }),
    ...(reason === undefined ? {} : { reason }),
  });
}

/** W7: pending activities are withdrawn, running ones end first, and the ledger tells the next run where to go on. */
async function leave(run: RunState): Promise<never> {
  const { input, tracks, commands } = run;
  run.phase = 'leaving';
  for (const track of tracks.values()) track.scope?.cancel();
  await condition(() => isDone(run));
  // Commands that came meanwhile would end with this run.
  for (let command = commands.shift(); command !== undefined; command = commands.shift()) await write(run, command);
  const { express: _, ...again } = input;
  return continueAsNew<typeof deliverMessage>(again);
}

function count(deliveries: readonly DeliveryStatus[]): DeliverMessageResult {
  const result: DeliverMessageResult = {};
  for (const { state } of deliveries) result[state] = (result[state] ?? 0) + 1;
  return result;
}
