/**
 * Names and shapes that the processes and Temporal agree on. They are part of stored histories, so none of them may
 * change its meaning. Only ids are passed here; text, addresses and credentials stay in PostgreSQL.
 */
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { DeliveryState } from './domain/delivery.ts';
import type { ConnectionId, DeliveryId, DestinationId, InboxId, JobId, MessageId, TenantId } from './domain/ids.ts';
import type { JobState } from './domain/job.ts';

export const taskQueue = 'carillon';

/** The workflow type, which is also the name of its function in `workflows/deliver-message.ts`. */
export const deliverMessageType = 'deliverMessage';

export interface RunDelivery {
  readonly id: DeliveryId;
  readonly destination: DestinationId;
  /** The time-out of one request, in milliseconds. */
  readonly timeoutMs: number;
}

export interface DeliverMessageInput {
  readonly message: MessageId;
  readonly tenant: TenantId;
  readonly deliveries: readonly RunDelivery[];
  /**
   * Begin with one round for all deliveries in a local activity. Runs of 0.1.0 have neither the field nor the round.
   */
  readonly express?: boolean;
  /** From 1 (critical) to 4 (low). Missing means normal. */
  readonly band?: number;
  /** Set for class `must`: the run stays open until an operator has handled every parked delivery. */
  readonly untilHandled?: boolean;
}

/** The number of deliveries by the state in which the run left them. */
export type DeliverMessageResult = Partial<Record<DeliveryState, number>>;

/**
 * The argument of a `retry` or `cancel` signal. Without `destination` the command is for all destinations. Operators
 * may also send these signals by hand, so a run must accept anything.
 */
export interface CommandArgument {
  readonly destination?: DestinationId;
  readonly by?: string;
  readonly reason?: string;
}

/** Starts a new retry cycle for parked and uncertain deliveries, and lets retrying ones go now. */
export const retrySignal = defineSignal<[CommandArgument?]>('retry');
/** Cancels every delivery that is not final. */
export const cancelSignal = defineSignal<[CommandArgument?]>('cancel');
/** Tells the run to read the ledger again: this delivery may go now, or any of them without `delivery`. */
export const turnSignal = defineSignal<[{ readonly delivery?: DeliveryId }?]>('turn');
/** An activity sends this to its own run after the first failed attempt. Retries do not appear in the history. */
export const troubleSignal = defineSignal<[{ readonly delivery: DeliveryId }]>('trouble');

export interface DeliveryStatus {
  readonly delivery: DeliveryId;
  readonly destination: DestinationId;
  readonly state: DeliveryState;
}

/** The states that this run knows. The ledger in PostgreSQL is authoritative. */
export const statusQuery = defineQuery<DeliveryStatus[]>('status');

/** The search attributes of runs in Temporal. All have the type Keyword, except `trouble`, which is a KeywordList. */
export const searchAttributes = {
  tenant: 'CarillonTenant',
  source: 'CarillonSource',
  conversation: 'CarillonConversation',
  state: 'CarillonState',
  trouble: 'CarillonTrouble',
} as const;

/**
 * The longest value that is written to a search attribute, in characters. Temporal on PostgreSQL fails to write a
 * visibility row that has a Keyword over 255 characters.
 */
export const searchAttributeLength = 64;

/** The failure types of the `deliver` activity: tried again later, or parked until an operator acts. */
export const retryFailure = 'AttemptFailed';
export const parkedFailure = 'DeliveryParked';

/** The workflow type of one pass of housekeeping, and the Temporal Schedule that starts it. */
export const housekeepingType = 'housekeeping';
export const housekeepingSchedule = 'carillon-housekeeping';

/**
 * The point at which the next run of a pass goes on: a kind of data, and the last key that was handled. Only the
 * activities read it.
 */
export interface HousekeepingPosition {
  readonly kind: string;
  readonly after: string;
}

/** Empty at the start of a pass. Later runs of the same pass get both fields from the run before. */
export interface HousekeepingInput {
  readonly place?: HousekeepingPosition;
  readonly removed?: HousekeepingResult;
}

/** The number of removed rows by kind of data. */
export type HousekeepingResult = Readonly<Record<string, number>>;

/** The workflow type of a bulk job. PostgreSQL holds what the job must do and what it has done. */
export const runJobType = 'runJob';
export const runJobWorkflowId = (job: JobId): string => `job:${job}`;

export interface RunJobInput {
  readonly job: JobId;
}

/** How a job ended, and the number of items that it handled, changed and could not change. */
export interface RunJobResult {
  readonly state: JobState;
  readonly done: number;
  readonly changed: number;
  readonly failed: number;
}

/** The workflow type that fetches content which a platform left out of its event. */
export const fetchEventType = 'fetchEvent';
export const fetchEventWorkflowId = (event: InboxId): string => `event:${event}`;

export interface FetchEventInput {
  readonly event: InboxId;
}

/** The workflow type that reads the events which Carillon missed during a gap. */
export const catchUpType = 'catchUp';
export const catchUpWorkflowId = (gap: number): string => `catch-up:${gap}`;

export interface CatchUpInput {
  readonly gap: number;
}

/**
 * The workflow type that keeps the subscriptions at the platforms, the Temporal Schedule that starts a pass over all
 * connections, and the id of the run that checks a single connection at once.
 */
export const keepSubscriptionsType = 'keepSubscriptions';
export const subscriptionsSchedule = 'carillon-subscriptions';
export const keepSubscriptionsWorkflowId = ({ tenant, connection }: ConnectionRef): string =>
  `subscriptions:${tenant}:${connection}`;

export interface ConnectionRef {
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
}

export interface KeepSubscriptionsInput {
  /** Checks this connection only. Without it the run checks all connections. */
  readonly only?: ConnectionRef;
  /** The last connection that the run before checked, and the counts so far. */
  readonly after?: ConnectionRef;
  readonly done?: KeepSubscriptionsResult;
}

/** The number of rooms by what happened to their subscription: `created`, `renewed`, … `failed`. */
export type KeepSubscriptionsResult = Readonly<Record<string, number>>;

/** The PostgreSQL channel on which the API tells the workers that messages were accepted. The payload is empty. */
export const acceptedChannel = 'carillon_accepted';

/** The PostgreSQL channel on which the API tells the workers that platforms sent events. The payload is empty. */
export const receivedChannel = 'carillon_received';
