import type { DeliveryClassName } from '../../domain/delivery-class.ts';
import type { ChangeKind } from '../../domain/change.ts';
import type { DeliveryState } from '../../domain/delivery.ts';
import type { DeliveryReason, Reason } from '../../domain/failure.ts';
import type { DeliveryId, DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import type { RetryPolicy } from '../../domain/retry.ts';
import type { Db } from '../db/db.ts';

/** A receipt as it is stored. `at` is text, because it comes out of JSON. */
export interface ReceiptRow {
  readonly nativeId: string;
  readonly url?: string;
  readonly version: number;
  readonly at: string;
}

export interface DeliveryRow {
  readonly id: DeliveryId;
  readonly message: MessageId;
  readonly destination: DestinationId;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly nextAttemptAt: Date | null;
  readonly action: ChangeKind;
  readonly class: DeliveryClassName | null;
  readonly expiresAt: Date | null;
  /** What was left out or done otherwise than asked. */
  readonly degraded: readonly Reason[] | null;
  readonly reason: DeliveryReason | null;
  readonly late: boolean;
  readonly doubled: boolean;
  readonly via: string;
  readonly policy: RetryPolicy;
  readonly deadlineAt: Date | null;
  /** The latest receipt. */
  readonly receipt: ReceiptRow | null;
  /** How many posts the delivery is split into; null where it is one post. */
  readonly parts: number | null;
  /** How many of these posts have arrived. */
  readonly arrived: number;
  readonly conversation: string | null;
  readonly workflowId: string;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
}

// Retry-After also delays a delivery that a manual retry has queued. A time slot and `sendAt` are times of a next
// attempt too.
const columns = (sql: Db) => sql`
  d.id, d.message, d.destination, d.state, d.attempts, d.max_attempts as "maxAttempts",
  case when d.state = 'retrying' then greatest(d.next_attempt_at, d.not_before)
    when d.state in ('queued', 'waiting') and greatest(d.not_before, d.slot_at, m.send_at) > clock_timestamp()
      then greatest(d.not_before, d.slot_at, m.send_at) end as "nextAttemptAt",
  d.action, m.class, d.expires_at as "expiresAt", d.degraded, d.reason, d.late, d.doubled, d.via, d.policy, d.deadline_at as "deadlineAt", d.receipts->-1 as receipt,
  jsonb_array_length(d.parts) as parts, d.part as arrived,
  m.conversation, m.workflow_id as "workflowId", d.created_at as "createdAt", d.settled_at as "settledAt"`;

export async function findDelivery(sql: Db, tenant: TenantId, id: DeliveryId): Promise<DeliveryRow | undefined> {
  const [row] = await sql<DeliveryRow[]>`
    select ${columns(sql)} from deliveries d join messages m on m.id = d.message
    where d.tenant = ${tenant} and d.id = ${id}`;
  return row;
}

type DateAsText<T> = T extends Date ? string : T;
/** A delivery as it comes out of JSON, with its times as text. */
export type DeliveryJson = { readonly [Key in keyof DeliveryRow]: DateAsText<DeliveryRow[Key]> };

/** All deliveries of a message as one JSON value, for a statement that reads other things in the same moment. */
export const deliveriesAsJson = (sql: Db, tenant: TenantId, message: MessageId) => sql`
  select coalesce(jsonb_agg(to_jsonb(row) order by row.id), '[]')
  from (
    select ${columns(sql)} from deliveries d join messages m on m.id = d.message
    where d.tenant = ${tenant} and d.message = ${message}) row`;

export function deliveryFromJson(row: DeliveryJson): DeliveryRow {
  const date = (text: string): Date => new Date(text);
  const dateOrNull = (text: string | null): Date | null => (text === null ? null : date(text));
  return {
    ...row,
    nextAttemptAt: dateOrNull(row.nextAttemptAt),
    deadlineAt: dateOrNull(row.deadlineAt),
    expiresAt: dateOrNull(row.expiresAt),
    createdAt: date(row.createdAt),
    settledAt: dateOrNull(row.settledAt),
  };
}

/** Lists a message's deliveries in the order in which it named its destinations. Uses `deliveries_message`. */
export async function deliveriesOf(sql: Db, tenant: TenantId, message: MessageId): Promise<DeliveryRow[]> {
  return sql<DeliveryRow[]>`
    select ${columns(sql)} from deliveries d join messages m on m.id = d.message
    where d.tenant = ${tenant} and d.message = ${message} order by d.id`;
}

export interface DeliveryFilter {
  readonly states?: readonly DeliveryState[] | undefined;
  readonly destination?: DestinationId | undefined;
  readonly message?: MessageId | undefined;
  readonly conversation?: string | undefined;
}

/** Lists deliveries older than `before`, the newest first. Uses `deliveries_list`, `_destination` or `_message`. */
export async function listDeliveries(
  sql: Db,
  tenant: TenantId,
  filter: DeliveryFilter,
  limit: number,
  before: DeliveryId | undefined,
): Promise<DeliveryRow[]> {
  const { states, destination, message, conversation } = filter;
  return sql<DeliveryRow[]>`
    select ${columns(sql)} from deliveries d join messages m on m.id = d.message
    where d.tenant = ${tenant}
      ${before === undefined ? sql`` : sql`and d.id < ${before}`}
      ${states === undefined ? sql`` : sql`and d.state = any(${states as string[]}::text[])`}
      ${destination === undefined ? sql`` : sql`and d.destination = ${destination}`}
      ${message === undefined ? sql`` : sql`and d.message = ${message}`}
      ${conversation === undefined ? sql`` : sql`and m.tenant = ${tenant} and m.conversation = ${conversation}`}
    order by d.id desc limit ${limit}`;
}

export interface SummaryRow {
  readonly destination: DestinationId;
  readonly state: 'parked' | 'uncertain';
  readonly reason: string | null;
  readonly count: number;
  readonly oldestAt: Date;
  readonly oldestAgeSeconds: number;
}

/**
 * Counts the deliveries that need an operator by destination and reason, the largest number first. Uses
 * `deliveries_list`.
 */
export async function summarizeDeliveries(sql: Db, tenant: TenantId, limit: number): Promise<SummaryRow[]> {
  return sql<SummaryRow[]>`
    select destination, state, reason->>'code' as reason, count(*)::integer as count,
      min(coalesce(settled_at, created_at)) as "oldestAt",
      extract(epoch from clock_timestamp() - min(coalesce(settled_at, created_at)))::integer as "oldestAgeSeconds"
    from deliveries where tenant = ${tenant} and state in ('parked', 'uncertain')
    group by destination, state, reason->>'code'
    order by 4 desc, 1, 2, 3 limit ${limit}`;
}
