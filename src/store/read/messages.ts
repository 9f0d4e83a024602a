import type { DestinationId, MessageId, TenantId } from '../../domain/ids.ts';
import type { MessageState } from '../../domain/message.ts';
import { openContent, type SealedContent } from '../db/contents.ts';
import type { Db } from '../db/db.ts';
import { envelopeColumns, type EnvelopeRow } from '../db/envelope.ts';
import { deliveriesAsJson, deliveryFromJson, type DeliveryJson, type DeliveryRow } from './deliveries.ts';
import type { KeyRing } from '../db/key-ring.ts';

export interface MessageRow extends EnvelopeRow {
  readonly workflowId: string;
  readonly dedupeKey: string;
  /** The version of the content. Each edit raises it. */
  readonly version: number;
  readonly deletedAt: Date | null;
  readonly state: MessageState;
  readonly dispatchedAt: Date | null;
  readonly firstAttemptAt: Date | null;
  readonly restedAt: Date | null;
}

const columns = (sql: Db) => sql`
  ${envelopeColumns(sql)}, m.workflow_id as "workflowId", m.dedupe_key as "dedupeKey", m.version,
  m.deleted_at as "deletedAt", m.state, m.dispatched_at as "dispatchedAt", m.first_attempt_at as "firstAttemptAt",
  m.rested_at as "restedAt"`;

export async function findMessage(sql: Db, tenant: TenantId, id: MessageId): Promise<MessageRow | undefined> {
  const [row] = await sql<
    MessageRow[]
  >`select ${columns(sql)} from messages m where m.tenant = ${tenant} and m.id = ${id}`;
  return row;
}

export interface WholeMessage {
  readonly row: MessageRow;
  /** The newest version of the content, decrypted; undefined after it was erased. */
  readonly said: SealedContent | undefined;
  /** When the content was erased; null while it is there. */
  readonly erasedAt: Date | null;
  readonly deliveries: readonly DeliveryRow[];
}

/** Reads a message with its deliveries in one statement, so that its state and the states of its deliveries agree. */
export async function findWholeMessage(
  sql: Db,
  ring: KeyRing,
  tenant: TenantId,
  id: MessageId,
): Promise<WholeMessage | undefined> {
  type Row = MessageRow & {
    contentOf: MessageId | null;
    contentVersion: number | null;
    sealed: Buffer | null;
    erasedAt: Date | null;
    deliveries: DeliveryJson[];
  };
  const [found] = await sql<Row[]>`
    select ${columns(sql)}, b.message as "contentOf", b.version as "contentVersion", b.sealed, b.erased_at as "erasedAt",
      (${deliveriesAsJson(sql, tenant, id)}) as deliveries
    from messages m
    left join lateral (
      -- The text of an edit is a version of its original's content.
      select message, version, sealed, erased_at from contents
      where message = case when m.type = 'message.edited' then m.refers_to else m.id end
        and (m.type <> 'message.edited' or version = m.version)
      order by version desc limit 1) b on true
    where m.tenant = ${tenant} and m.id = ${id}`;
  if (found === undefined) return undefined;
  const { contentOf, contentVersion, sealed, erasedAt, deliveries, ...row } = found;
  const said =
    contentOf === null || contentVersion === null || sealed === null
      ? undefined
      : openContent(ring, contentOf, contentVersion, sealed);
  return { row, said, erasedAt, deliveries: deliveries.map(deliveryFromJson) };
}

export interface MessageFilter {
  readonly states?: readonly MessageState[] | undefined;
  readonly destination?: DestinationId | undefined;
  readonly source?: string | undefined;
  readonly conversation?: string | undefined;
  readonly correlationId?: string | undefined;
  /** Received then or later. */
  readonly since?: Date | undefined;
  /** Received before. */
  readonly until?: Date | undefined;
}

/**
 * Lists messages older than `before`, the newest first. Uses `messages_list`, `messages_conversation` or
 * `messages_correlation`; state, source and times are filtered row by row.
 */
export async function listMessages(
  sql: Db,
  tenant: TenantId,
  filter: MessageFilter,
  limit: number,
  before: MessageId | undefined,
): Promise<MessageRow[]> {
  const { states, destination, source, conversation, correlationId, since, until } = filter;
  return sql<MessageRow[]>`
    select ${columns(sql)} from messages m
    where m.tenant = ${tenant}
      ${before === undefined ? sql`` : sql`and m.id < ${before}`}
      ${states === undefined ? sql`` : sql`and m.state = any(${states as string[]}::text[])`}
      ${source === undefined ? sql`` : sql`and m.source = ${source}`}
      ${conversation === undefined ? sql`` : sql`and m.conversation = ${conversation}`}
      ${correlationId === undefined ? sql`` : sql`and m.correlation_id = ${correlationId}`}
      ${since === undefined ? sql`` : sql`and m.received_at >= ${since}`}
      ${until === undefined ? sql`` : sql`and m.received_at < ${until}`}
      ${
        destination === undefined
          ? sql``
          : sql`and exists (
        select from deliveries d where d.message = m.id and d.destination = ${destination})`
      }
    order by m.id desc limit ${limit}`;
}
