/**
 * What the processes and Temporal agree on: names and shapes that are in histories, so none of them changes its meaning.
 * Only ids travel here; text, addresses and credentials stay in PostgreSQL.
 */
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { DeliveryState } from './domain/delivery.ts';
import type { ConnectionId, DeliveryId, DestinationId, InboxId, JobId, MessageId, TenantId } from './domain/ids.ts';
import type { JobState } from './domain/job.ts';

export const taskQueue = 'carillon';

/** The workflow type; the function of the same name in `deliver-message.ts`. */
export const deliverMessageType = 'deliverMessage';

export interface RunDelivery {
  readonly id: DeliveryId;
  readonly destination: DestinationId;
  /** The request's time-out, milliseconds. */
  readonly timeoutMs: number;
}

export interface DeliverMessageInput {
  readonly message: MessageId;
  readonly tenant: TenantId;
  readonly deliveries: readonly RunDelivery[];
  /** Begin with one round for all deliveries in a local activity. Missing in runs of 0.1.0, which have none. */
  readonly express?: boolean;
  /** 1 critical … 4 low; missing is normal. */
  readonly band?: number;
  /** Class `must`: the run stays open for what is parked until somebody has handled it. */
  readonly untilHandled?: boolean;
}

/** How many deliveries ended in which state. */
export type DeliverMessageResult = Partial<Record<DeliveryState, number>>;

/** A command's argument; everything is optional, and none means all destinations. Anybody may send it by hand. */
export interface CommandArgument {
  readonly destination?: DestinationId;
  readonly by?: string;
  readonly reason?: string;
}

/** One more round for what is parked or uncertain, and now for what is retrying. */
export const retrySignal = defineSignal<[CommandArgument?]>('retry');
/** Ends what is not final. */
export const cancelSignal = defineSignal<[CommandArgument?]>('cancel');
/** It may be this delivery's turn now: look at the ledger again. */
export const turnSignal = defineSignal<[{ readonly delivery?: DeliveryId }?]>('turn');
/** Sent by an activity to its own run after the first failed attempt: history shows retries nowhere else. */
export const troubleSignal = defineSignal<[{ readonly delivery: DeliveryId }]>('trouble');

export interface DeliveryStatus {
  readonly delivery: DeliveryId;
  readonly destination: DestinationId;
  readonly state: DeliveryState;
}

/** What this run knows; the ledger in PostgreSQL is the truth. */
export const statusQuery = defineQuery<DeliveryStatus[]>('status');

/** Search attributes, all Keyword but the last, which is a KeywordList (design §3.7). */
export const searchAttributes = {
  tenant: 'CarillonTenant',
  source: 'CarillonSource',
  conversation: 'CarillonConversation',
  state: 'CarillonState',
  trouble: 'CarillonTrouble',
} as const;

/** A Keyword over 255 characters makes the visibility row of PostgreSQL-backed Temporal fail; ours are far below. */
export const searchAttributeLength = 64;

/** Failure types of the `deliver` activity: tried again later, or at rest until somebody acts. */
export const retryFailure = 'AttemptFailed';
export const parkedFailure = 'DeliveryParked';

/** The workflow type of one pass of housekeeping, and the Temporal Schedule that starts it. */
export const housekeepingType = 'housekeeping';
export const housekeepingSchedule = 'carillon-housekeeping';

/** Where a pass goes on: a kind of data, and behind what of it. Opaque to the run. */
export interface HousekeepingPosition {
  readonly kind: string;
  readonly after: string;
}

/** Nothing at all when a pass begins; the rest comes from the run before. */
export interface HousekeepingInput {
  readonly place?: HousekeepingPosition;
  readonly removed?: HousekeepingResult;
}

/** How much was removed, by kind. */
export type HousekeepingResult = Readonly<Record<string, number>>;

/** The workflow type of a bulk job; what there is to do, and what is done, stands in PostgreSQL. */
export const runJobType = 'runJob';
export const runJobWorkflowId = (job: JobId): string => `job:${job}`;

export interface RunJobInput {
  readonly job: JobId;
}

/** How a job ended, and how much it did. */
export interface RunJobResult {
  readonly state: JobState;
  readonly done: number;
  readonly changed: number;
  readonly failed: number;
}

/** The workflow type that fetches what a platform's event came without. */
export const fetchEventType = 'fetchEvent';
export const fetchEventWorkflowId = (event: InboxId): string => `event:${event}`;

export interface FetchEventInput {
  readonly event: InboxId;
}

/** The workflow type that reads what was missed in a gap. */
export const catchUpType = 'catchUp';
export const catchUpWorkflowId = (gap: number): string => `catch-up:${gap}`;

export interface CatchUpInput {
  readonly gap: number;
}

/**
 * The workflow type that keeps the subscriptions at the platforms, the Temporal Schedule that starts a pass over all of
 * them, and the run that looks at one connection's at once.
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
  /** Only this one; without it all. */
  readonly only?: ConnectionRef;
  /** Where a pass goes on, and what was done so far; from the run before. */
  readonly after?: ConnectionRef;
  readonly done?: KeepSubscriptionsResult;
}

/** How many rooms' subscriptions were `created`, `renewed`, … `failed`. */
export type KeepSubscriptionsResult = Readonly<Record<string, number>>;

/** PostgreSQL channel on which the API says that messages were accepted. */
export const acceptedChannel = 'carillon_accepted';

/** Of PostgreSQL's LISTEN and NOTIFY: events of platforms came in. Without content. */
export const receivedChannel = 'carillon_received';
