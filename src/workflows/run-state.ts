import type { CancellationScope } from '@temporalio/workflow';
import type { CommandArgument, DeliverMessageInput, DeliveryStatus, RunDelivery } from '../contract.ts';
import type { DeliveryState } from '../domain/delivery.ts';
import { TroubleAttributes } from './trouble.ts';

/** One delivery as its run sees it. */
export interface Track extends RunDelivery {
  /** What the run was told last. The ledger has the truth. */
  state: DeliveryState;
  /** A signal said to look at the ledger again. It is remembered when it comes early. */
  isWoken: boolean;
  /** `follow` is at work on it. */
  isFollowed: boolean;
  /** Around the pending activity, so that a command can withdraw one that waits out its backoff. */
  scope: CancellationScope | undefined;
}

/** A retry or cancel that is not written to the ledger yet. */
export interface Command {
  readonly kind: 'retry' | 'cancel';
  readonly argument: CommandArgument;
}

/** Everything that a run of `deliverMessage` knows. */
export interface RunState {
  readonly input: DeliverMessageInput;
  readonly tracks: ReadonlyMap<string, Track>;
  /** In the order in which they came. */
  readonly commands: Command[];
  readonly trouble: TroubleAttributes;
  /** `leaving`: the run's history is long, and it goes on as a new run once what is running has ended. */
  phase: 'first-round' | 'following' | 'leaving';
  /** A called round is under way; see `takeCall`. */
  isCalling: boolean;
  /** Temporal's own Cancel came. */
  wasCancelled: boolean;
  /** An error that no rule foresees. It fails the run. */
  defect: unknown;
}

export function newRun(input: DeliverMessageInput): RunState {
  const tracks = input.deliveries.map((delivery): [string, Track] => [
    delivery.id,
    { ...delivery, state: 'queued', isWoken: false, isFollowed: false, scope: undefined },
  ]);
  return {
    input,
    tracks: new Map(tracks),
    commands: [],
    trouble: new TroubleAttributes(),
    phase: 'first-round',
    isCalling: false,
    wasCancelled: false,
    defect: undefined,
  };
}

export const statusOf = ({ tracks }: RunState): DeliveryStatus[] =>
  [...tracks.values()].map(({ id, destination, state }) => ({ delivery: id, destination, state }));

/** No delivery is followed any more: each is final, or was parked for as long as the run waits. */
export const isDone = ({ tracks }: RunState): boolean => [...tracks.values()].every(({ isFollowed }) => !isFollowed);
