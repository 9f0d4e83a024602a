import type { AccessTokens } from '../connectors/contract/context.ts';
import type { Connector } from '../connectors/contract/connector.ts';
import type { Http } from '../connectors/contract/http.ts';
import type { Sql } from '../store/db/db.ts';
import type { KeyRing } from '../store/db/key-ring.ts';
import type { NextInLane } from '../store/waiting/lane.ts';
import type { CommandedDelivery } from '../store/runs/commands.ts';
import { createApplyCommand } from './operate/apply-command.ts';
import { createCatchUp } from './inbound/catch-up.ts';
import { createDeliver } from '../deliver/deliver.ts';
import { createDeliverCalled } from '../deliver/called-round.ts';
import { createDeliverFirst } from '../deliver/first-round.ts';
import { createFetchEvent } from './inbound/fetch-event.ts';
import type { FileFetcher } from '../deliver/fetch-files.ts';
import type { FirstRound } from '../deliver/capacity/round-places.ts';
import type { Pace } from '../deliver/capacity/pace.ts';
import type { LedgerCalls } from '../deliver/ledger-calls.ts';
import { createHousekeep } from './operate/housekeep.ts';
import { createKeepSubscriptions } from './inbound/keep-subscriptions.ts';
import { createSettleOutcome } from './settle-outcome.ts';
import { createWorkJob } from './operate/work-job.ts';

/** What the activities hold: the only room that has both the store and the connectors in its hands. */
export interface ActivityDeps {
  readonly sql: Sql;
  readonly ring: KeyRing;
  readonly ledger: LedgerCalls;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly http: Http;
  readonly tokens: AccessTokens;
  /** Where platforms reach the API, without a slash at its end; undefined where nobody says. */
  readonly publicUrl: string | undefined;
  /** Between two looks at the subscriptions, milliseconds. */
  readonly subscriptionsEveryMs: number;
  /** Name of this process, in the record of each attempt. */
  readonly worker: string;
  readonly files: FileFetcher;
  readonly firstRound: FirstRound;
  readonly pace: Pace;
  /** Aborted when this process must stop: then nothing new is written to a platform. */
  readonly stopping: AbortSignal;
  /** Wakes the next delivery of a lane, after the commit; a lost wake-up is mended by the sweep. */
  readonly wake: (next: NextInLane) => void;
  /** Wakes the runs of commands that are stored. Throws when Temporal is away; then the sweep mends it. */
  readonly wakeCommanded: (
    kind: 'retry' | 'cancel',
    commands: readonly CommandedDelivery[],
    by: string,
  ) => Promise<void>;
  /** Tells the dispatcher that messages were accepted. */
  readonly poke: () => void;
  /** Tells the router of events that one can be routed. */
  readonly pokeInbox: () => void;
  /** Tells a run that one of its deliveries failed for the first time; only its search attributes depend on it. */
  readonly reportTrouble: (workflowId: string, delivery: string) => void;
}

export function createActivities(deps: ActivityDeps) {
  return {
    deliver: createDeliver(deps),
    deliverFirst: createDeliverFirst(deps),
    deliverCalled: createDeliverCalled(deps),
    settleOutcome: createSettleOutcome(deps),
    // Histories name this activity `applyWish`, so its registered name stays.
    applyWish: createApplyCommand(deps),
    ...createCatchUp(deps),
    fetchEvent: createFetchEvent(deps),
    housekeep: createHousekeep(deps),
    ...createKeepSubscriptions(deps),
    workJob: createWorkJob(deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;
