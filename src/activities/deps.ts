import type { DeliverDeps } from '../deliver/deps.ts';
import type { CommandedDelivery } from '../store/runs/commands.ts';
import type { NextInLane } from '../store/waiting/lane.ts';

/** What the activities work with. */
export interface ActivityDeps extends DeliverDeps {
  /** Where platforms reach the API, without a slash at its end; undefined where the configuration does not say. */
  readonly publicUrl: string | undefined;
  /** Between two looks at the subscriptions, milliseconds. */
  readonly subscriptionsEveryMs: number;
  /** Wakes the next delivery of a lane, after the commit. The sweep repeats a wake-up that is lost. */
  readonly wakeNext: (next: NextInLane) => void;
  /** Wakes the runs of commands that are stored. @throws while Temporal is away; then the sweep wakes them. */
  readonly wakeCommanded: (
    kind: 'retry' | 'cancel',
    commands: readonly CommandedDelivery[],
    by: string,
  ) => Promise<void>;
  /** Tells the dispatcher that messages were accepted. */
  readonly poke: () => void;
  /** Tells the inbox that events wait to be routed. */
  readonly pokeInbox: () => void;
}
